import PDFDocument from 'pdfkit';

/**
 * A4 sheets: running text that wraps, headings, rules, page breaks and tags over pdfkit. Knows typography, no case. The fonts are those
 * that every reader has, so none is embedded.
 */

export const SHEET = { left: 56, right: 539, top: 56, bottom: 792, width: 483 } as const;

export const INK = {
  text: '#17232e',
  quiet: '#56636f',
  accent: '#0b5d6b',
  bar: '#2f8b99',
  limit: '#ab1230',
  line: '#d5d8d2',
} as const;

export interface Style {
  readonly size: number;
  readonly isBold?: boolean;
  readonly color?: string;
}

export interface About {
  readonly title: string;
  readonly language: 'da' | 'en';
  /** What the document is of, never now: the same content gives the same bytes. */
  readonly at: Date;
}

type Face = 'Helvetica' | 'Helvetica-Bold' | 'Courier';

interface Piece {
  readonly text: string;
  readonly face: Face;
}

/** Beyond this a line is a third higher than its letters. */
const LINE_HEIGHT = 1.42;

export class Sheet {
  readonly document: PDFKit.PDFDocument;
  /** The height reached, in points from the top of the page: the upper edge of what comes next. */
  y: number = SHEET.top;
  private readonly chunks: Uint8Array[] = [];
  private readonly ended: Promise<void>;
  private readonly root: ReturnType<PDFKit.PDFDocument['struct']>;

  constructor({ title, language, at }: About) {
    const settings = {
      info: {
        Title: drawable(title),
        Creator: 'Taxameter',
        Producer: 'Taxameter',
        CreationDate: at,
        ModDate: at,
      },
      pdfVersion: '1.7',
      lang: language === 'da' ? 'da-DK' : 'en-GB',
      displayTitle: true,
      size: 'A4',
      // pdfkit starts a page of its own below a margin; where a page ends is decided here alone.
      margin: 0,
      tagged: true,
      bufferPages: true,
    };
    this.document = new PDFDocument(settings as unknown as PDFKit.PDFDocumentOptions);
    this.ended = new Promise((resolve, reject) => {
      this.document.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
      this.document.on('end', resolve);
      this.document.on('error', reject);
    });
    this.root = this.document.struct('Document');
    this.document.addStructure(this.root);
  }

  /** Goes to a new page where so many points are not left. */
  makeRoom(height: number): void {
    if (this.y + height <= SHEET.bottom) return;
    this.document.addPage();
    this.y = SHEET.top;
  }

  /** How high a text is when it is written in lines of this width. */
  heightOf(text: string, style: Style, width: number): number {
    return this.linesOf(text, style, width).length * style.size * LINE_HEIGHT;
  }

  /** Writes a text from `y` on, its parts between backticks as code, and moves below it; room for all of it must be there. */
  write(text: string, style: Style, place: { x?: number; width?: number; tag?: string } = {}): void {
    const { x = SHEET.left, width = SHEET.width, tag = 'P' } = place;
    this.element(tag, () => {
      for (const line of this.linesOf(text, style, width)) {
        this.drawLine(line, x, this.y + style.size, style);
        this.y += style.size * LINE_HEIGHT;
      }
    });
  }

  /** One line as it is, its baseline at `y`; `right` gives the right edge instead of the left. */
  label(text: string, at: { x?: number; right?: number; middle?: number; y: number }, style: Style): void {
    const line = drawable(text);
    const width = this.widthOf({ text: line, face: faceOf(style) }, style);
    const right = at.right === undefined ? undefined : at.right - width;
    const middle = at.middle === undefined ? undefined : at.middle - width / 2;
    this.drawLine([{ text: line, face: faceOf(style) }], at.x ?? right ?? middle ?? SHEET.left, at.y, style);
  }

  element(type: string, draw: () => void, alt?: string): void {
    this.root.add(this.document.struct(type, alt === undefined ? {} : { alt: drawable(alt) }, draw));
  }

  /** What is no content: rules, page numbers. */
  artifact(draw: () => void): void {
    this.document.markContent('Artifact', { type: 'Layout' });
    draw();
    this.document.endMarkedContent();
  }

  rule(y: number, color: string = INK.line): void {
    this.artifact(() => {
      this.document.moveTo(SHEET.left, y).lineTo(SHEET.right, y).lineWidth(0.6).strokeColor(color).stroke();
    });
  }

  /** Visits each page again, from the first. */
  forEachPage(draw: (page: number, pages: number) => void): void {
    const { start, count } = this.document.bufferedPageRange();
    for (let index = 0; index < count; index += 1) {
      this.document.switchToPage(start + index);
      this.artifact(() => draw(index + 1, count));
    }
  }

  async bytes(): Promise<Uint8Array> {
    this.root.end();
    this.document.end();
    await this.ended;
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  private drawLine(pieces: readonly Piece[], x: number, y: number, style: Style): void {
    let left = x;
    for (const piece of pieces) {
      this.document
        .font(piece.face, sizeOf(piece, style))
        .fillColor(style.color ?? INK.text)
        .text(piece.text, left, y, { lineBreak: false, baseline: 'alphabetic' });
      left += this.widthOf(piece, style);
    }
  }

  private linesOf(text: string, style: Style, width: number): Piece[][] {
    const lines: Piece[][] = [];
    let line: Piece[] = [];
    for (const word of wordsOf(text, faceOf(style)).flatMap((one) => this.cut(one, style, width))) {
      const longer = line.length === 0 ? word : joined(line, word);
      if (this.widthOfAll(longer, style) <= width || line.length === 0) {
        line = longer;
      } else {
        lines.push(line);
        line = word;
      }
    }
    return line.length === 0 ? lines : [...lines, line];
  }

  /** A word that no line could hold, in parts that one can. */
  private cut(word: Piece[], style: Style, width: number): Piece[][] {
    if (this.widthOfAll(word, style) <= width) return [word];
    const parts: Piece[][] = [];
    let part: Piece[] = [];
    for (const { text, face } of word) {
      for (const character of text) {
        const longer = appended(part, { text: character, face });
        if (this.widthOfAll(longer, style) > width && part.length > 0) {
          parts.push(part);
          part = [{ text: character, face }];
        } else {
          part = longer;
        }
      }
    }
    return [...parts, part];
  }

  private widthOfAll(pieces: readonly Piece[], style: Style): number {
    return pieces.reduce((sum, piece) => sum + this.widthOf(piece, style), 0);
  }

  private widthOf(piece: Piece, style: Style): number {
    return this.document.font(piece.face, sizeOf(piece, style)).widthOfString(piece.text);
  }
}

/** One line of visible text in the letters that the fonts have; another is a question mark. */
export function drawable(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
    .replace(/[^\x20-\x7e\u00a1-\u00ff–—‘’‚“”„†‡•…‰‹›€]/gu, '?')
    .trim();
}

/** Words with what stands between backticks as code; a full stop after code belongs to its word. */
function wordsOf(text: string, face: Face): Piece[][] {
  const words: Piece[][] = [[]];
  for (const [index, segment] of text.split('`').entries()) {
    for (const [number, part] of segment.split(/\s/u).entries()) {
      if (number > 0) words.push([]);
      const shown = drawable(part);
      if (shown !== '') words.at(-1)!.push({ text: shown, face: index % 2 === 1 ? 'Courier' : face });
    }
  }
  return words.filter((word) => word.length > 0);
}

/** The blank is one of running text where there is any: that of code is twice as wide. */
function joined(line: readonly Piece[], word: readonly Piece[]): Piece[] {
  const [first, ...rest] = word as [Piece, ...Piece[]];
  const last = line.at(-1);
  const blank = { text: ' ', face: last && last.face !== 'Courier' ? last.face : first.face };
  return [...appended(appended(line, blank), first), ...rest];
}

function appended(pieces: readonly Piece[], next: Piece): Piece[] {
  const last = pieces.at(-1);
  if (last?.face !== next.face) return [...pieces, next];
  return [...pieces.slice(0, -1), { text: last.text + next.text, face: next.face }];
}

function faceOf({ isBold }: Style): Face {
  return isBold ? 'Helvetica-Bold' : 'Helvetica';
}

/** Courier's letters look larger than Helvetica's. */
function sizeOf({ face }: Piece, { size }: Style): number {
  return face === 'Courier' ? size * 0.95 : size;
}
