import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../page/', import.meta.url);

interface Texts {
  readonly da: Readonly<Record<string, string>>;
  readonly en: Readonly<Record<string, string>>;
}

const { TEXTS } = (await import(new URL('texts.js', FOLDER).href)) as { TEXTS: Texts };
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

describe('the texts of the page', () => {
  it('are there in both languages, none of them empty', () => {
    expect(Object.keys(TEXTS.en).sort()).toEqual(Object.keys(TEXTS.da).sort());
    expect([...Object.values(TEXTS.da), ...Object.values(TEXTS.en)]).not.toContain('');
  });

  it('take the same values in both languages', () => {
    for (const [key, danish] of Object.entries(TEXTS.da)) {
      expect([key, placeholders(TEXTS.en[key]!)]).toEqual([key, placeholders(danish)]);
    }
  });

  it('come in both forms where they depend on a number', () => {
    const forms = Object.keys(TEXTS.da).filter((key) => /\.(one|other)$/.test(key));
    const stems = new Set(forms.map((key) => key.replace(/\.\w+$/, '')));
    expect(forms).toHaveLength(2 * stems.size);
  });

  it('exist for every key that the page and its scripts name', () => {
    const named = readdirSync(FOLDER).flatMap((name) => {
      const source = readFileSync(new URL(name, FOLDER), 'utf8');
      const patterns = [/\btext\('([\w.-]+)'/g, /data-(?:text|label)="([\w.-]+)"/g];
      return patterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1]!));
    });
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((key) => !Object.hasOwn(TEXTS.da, key))).toEqual([]);
  });
});
