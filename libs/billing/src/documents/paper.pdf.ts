/**
 * A4 paper: text at a baseline, hairlines, page numbers and tags over pdfkit. Knows typography, no invoice.
 */
import PDFDocument from 'pdfkit';
import { drawable, font } from './fonts.pdf.js';
import type { Weight } from './fonts.pdf.js';
import { printable } from './printable.js';

export const PAGE = { width: 595.28, height: 841.89, left: 51, right: 544.28, bottom: 782 } as const;

export const INK = {
  text: '#1c2126',
  quiet: '#6b747d',
  accent: '#0b5563',
  line: '#c9d0d5',
  hair: '#e8ebed',
} as const;

export interface TextStyle {
  readonly weight?: Weight;
  readonly size: number;
  readonly color?: string;
}

export interface RuleStyle {
  readonly from?: number;
  readonly to?: number;
  readonly weight?: number;
  readonly color?: string;
}

export interface PaperOptions {
  readonly title: string;
  readonly author: string;
  readonly subject: string;
  /** The issue instant, never now: the same invoice must give the same bytes. */
  readonly createdAt: Date;
  /** Tags make a document readable aloud. They stay in memory until its end, so a long statement goes without. */
  readonly tagged: boolean;
  /** Pages are kept until the end, so that `pages` may be visited again for "page x of y". */
  readonly bufferPages: boolean;
}

type StructureElement = ReturnType<PDFKit.PDFDocument['struct']>;

/** pdfkit writes the title into the XMP packet without escaping: an `&` in a name made the packet unreadable. */
class EscapedDocument extends PDFDocument {
  declare info: Record<string, unknown>;

  _addInfo(): void {
    const asGiven = this.info;
    this.info = Object.fromEntries(Object.entries(asGiven).map(([key, value]) => [key, escapeXml(value)]));
    (PDFDocument.prototype as unknown as { _addInfo(): void })._addInfo.call(this);
    this.info = asGiven;
  }
}

export class Paper {
  readonly document: PDFKit.PDFDocument;
  /** The height reached on the page, in points from its top. */
  y = 0;
  private readonly chunks: Uint8Array[] = [];
  private readonly ended: Promise<void>;
  private parent: StructureElement | null = null;

  constructor(private readonly options: PaperOptions) {
    const { title, author, subject, createdAt, tagged, bufferPages } = options;
    const about = { Title: clean(title), Author: clean(author), Subject: clean(subject) };
    const settings = {
      info: {
        ...about,
        Creator: 'Taxameter',
        Producer: 'Taxameter',
        CreationDate: createdAt,
        ModDate: createdAt,
      },
      pdfVersion: '1.7',
      subset: 'PDF/A-3b',
      lang: 'da-DK',
      displayTitle: true,
      size: 'A4',
      // pdfkit starts a page of its own below a margin; where a page ends is decided here alone.
      margin: 0,
      font: null,
      autoFirstPage: false,
      tagged,
      bufferPages,
    };
    this.document = new EscapedDocument(settings as unknown as PDFKit.PDFDocumentOptions);
    for (const weight of ['regular', 'semibold'] as const) {
      this.document.registerFont(weight, font(weight) as unknown as Buffer);
    }
    this.ended = new Promise((resolve, reject) => {
      this.document.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
      this.document.on('end', resolve);
      this.document.on('error', reject);
    });
    if (tagged) {
      this.parent = this.document.struct('Document');
      this.document.addStructure(this.parent);
    }
  }

  newPage(): void {
    this.document.addPage();
  }

  width(text: string, { weight = 'regular', size }: TextStyle): number {
    return this.document.font(weight, size).widthOfString(drawable(text, weight));
  }

  /** One line, its baseline at `y`; `right` gives the right edge instead of the left. */
  text(text: string, at: { x?: number; right?: number; y: number }, style: TextStyle): void {
    const line = drawable(printable(text), style.weight ?? 'regular');
    if (line === '') return;
    const x = at.right === undefined ? (at.x ?? PAGE.left) : at.right - this.width(line, style);
    this.document
      .font(style.weight ?? 'regular', style.size)
      .fillColor(style.color ?? INK.text)
      .text(line, x, at.y, { lineBreak: false, baseline: 'alphabetic' });
  }

  /** At the right edge with room for `places` decimals, so that prices with two and with four align on the comma. */
  figure(figure: string, at: { right: number; places: number; y: number }, style: TextStyle): void {
    const [whole = '', decimals = ''] = figure.split(',');
    const missing = this.width('0'.repeat(Math.max(0, at.places - decimals.length)), style);
    const width = this.width(decimals === '' ? whole : `${whole},${decimals}`, style);
    this.text(figure, { x: at.right - missing - width, y: at.y }, style);
  }

  /** The text, or as much of it as fits with an ellipsis: at the end, or in the middle where the tail tells things apart. */
  fitted(text: string, width: number, style: TextStyle, cut: 'end' | 'middle' = 'end'): string {
    const characters = [...printable(text)];
    if (this.width(characters.join(''), style) <= width) return characters.join('');
    const shortened = (kept: number): string => {
      const tail = cut === 'middle' ? Math.floor(kept / 2) : 0;
      const head = characters
        .slice(0, kept - tail)
        .join('')
        .trimEnd();
      return `${head}…${characters.slice(characters.length - tail).join('')}`;
    };
    let fits = 0;
    let tooMany = characters.length;
    while (tooMany - fits > 1) {
      const middle = (fits + tooMany) >> 1;
      if (this.width(shortened(middle), style) <= width) fits = middle;
      else tooMany = middle;
    }
    return shortened(fits);
  }

  /** Breaks at blanks, inside a word only where the word alone is too wide; the last line allowed ends in an ellipsis. */
  wrapped(text: string, width: number, style: TextStyle, maxLines: number): string[] {
    const lines: string[] = [];
    let rest = printable(text);
    while (rest !== '' && lines.length < maxLines - 1) {
      const whole = this.fitted(rest, width, style);
      if (whole === rest) break;
      const room = whole.length - 1;
      const blank = rest.lastIndexOf(' ', room);
      const end = blank > 0 ? blank : room;
      lines.push(rest.slice(0, end));
      rest = rest.slice(end).trimStart();
    }
    if (rest !== '') lines.push(this.fitted(rest, width, style));
    return lines;
  }

  rule(y: number, { from, to, weight = 0.5, color = INK.line }: RuleStyle = {}): void {
    this.artifact(() => {
      this.document
        .moveTo(from ?? PAGE.left, y)
        .lineTo(to ?? PAGE.right, y)
        .lineWidth(weight)
        .strokeColor(color)
        .stroke();
    });
  }

  /** A tag around everything drawn inside. In a document without tags it only draws. */
  element(type: string, draw: () => void, options: { scope?: 'Column' } = {}): void {
    const parent = this.parent;
    if (!parent) return draw();
    const isLeaf = !['Table', 'TR', 'Sect'].includes(type);
    // `scope` is missing in the types of pdfkit, not in pdfkit.
    const attributes = options as PDFKit.Mixins.StructureElementOptions;
    if (isLeaf) {
      parent.add(this.document.struct(type, attributes, draw));
      return;
    }
    const element = this.document.struct(type, attributes);
    parent.add(element);
    this.parent = element;
    draw();
    element.end();
    this.parent = parent;
  }

  /** What is no content: lines, running heads, page numbers. */
  artifact(draw: () => void): void {
    if (!this.parent) return draw();
    this.document.markContent('Artifact', { type: 'Layout' });
    draw();
    this.document.endMarkedContent();
  }

  /** Visits each page again, from the first; only with `bufferPages`. */
  forEachPage(draw: (page: number, pages: number) => void): void {
    const { start, count } = this.document.bufferedPageRange();
    for (let index = 0; index < count; index += 1) {
      this.document.switchToPage(start + index);
      draw(index + 1, count);
    }
  }

  async bytes(): Promise<Uint8Array> {
    this.parent?.end();
    this.document.end();
    await this.ended;
    return new Uint8Array(Buffer.concat(this.chunks));
  }
}

function clean(text: string): string {
  return drawable(printable(text), 'regular');
}

function escapeXml(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
