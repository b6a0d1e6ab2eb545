import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ConsoleModule } from './console.module.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms([{ name: 'console', module: ConsoleModule, schema: null }]);
});

afterAll(() => rooms.stop());

const get = (path: string) => rooms.call('anonymous', 'GET', path);
const textOf = ({ bytes }: { bytes: Uint8Array }) => new TextDecoder().decode(bytes);

const PAGES = ['/', '/partnere/par_a', '/integrationer/isv_a', '/sager/br_a', '/ansoegning'];

/** Everything that the pages load, following the imports of its scripts. */
async function loadedFiles(): Promise<string[]> {
  const found = new Set<string>();
  const follow = async (path: string, references: RegExp) => {
    const names = [...textOf(await get(path)).matchAll(references)].map((match) => match[1]!);
    for (const name of names.filter((candidate) => !found.has(candidate))) {
      found.add(name);
      if (name.endsWith('.js')) await follow(`/assets/${name}`, /from '\.\/([\w.-]+)'/g);
    }
  };
  for (const page of PAGES) await follow(page, /(?:src|href)="\/assets\/([\w.-]+)"/g);
  return [...found];
}

describe('the page', () => {
  it.each(PAGES)(
    '%s is given to everybody under a policy that allows no inline code and no frame',
    async (page) => {
      const { status, headers } = await get(page);
      const policy = headers.get('content-security-policy') ?? '';

      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(policy).toContain("script-src 'self'; style-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );

  it.each(PAGES)(
    '%s holds no inline script, style or handler, which its policy would refuse',
    async (page) => {
      const html = textOf(await get(page));

      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/i);
      expect(html.match(/<script[^>]*>/g)).toEqual([
        expect.stringMatching(
          /^<script type="module" src="\/assets\/(console|partner|integration|case|apply)\.js">$/,
        ),
      ]);
    },
  );

  it('finds each script and style that it loads, with its content type and the same policy', async () => {
    const files = await loadedFiles();

    expect(files).toEqual(
      expect.arrayContaining([
        'console.js',
        'partner.js',
        'integration.js',
        'case.js',
        'console.css',
        'texts.js',
        'dom.js',
      ]),
    );
    for (const name of files) {
      const { status, headers } = await get(`/assets/${name}`);
      expect([name, status]).toEqual([name, 200]);
      expect(headers.get('content-type')).toBe(
        name.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    }
  });

  it('never makes markup of text, so that a name cannot become code', async () => {
    for (const name of await loadedFiles()) {
      expect(textOf(await get(`/assets/${name}`))).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|eval\(/,
      );
    }
  });

  it.each([
    '/assets/missing.js',
    '/assets/..%2Fpackage.json',
    '/assets/constructor',
    '/forbrug',
    '/v1/nothing',
  ])('answers %s with problem details', async (path) => {
    const { status, headers, body } = await get(path);

    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({ status: 404 });
  });
});
