import fc from 'fast-check';
import { isPublicAddress } from './public-address.js';
import { checkWebhookUrl } from './webhook-url.js';

const REACHABLE = [
  'https://example.com/hook',
  'https://example.com:443/hook',
  'https://example.com:8443/hook?key=1',
  'https://EXAMPLE.com/',
  'https://example.com./hook',
  'https://hooks.xn--rksmrgs-5wao1o.dk/',
  'https://rødgrød.dk/hook',
  'https://8.8.8.8/hook',
  'https://9.255.255.255/',
  'https://11.0.0.0/',
  'https://100.63.255.255/',
  'https://100.128.0.0/',
  'https://172.15.255.255/',
  'https://172.32.0.0/',
  'https://192.169.0.1/',
  'https://[2a00:1450:400f::200e]/',
  'https://[2606:4700::1111]:8443/',
  'https://127.0.0.1.example.com/',
  'https://localhost.example.com/',
];

const REFUSED = [
  // not https, other ports
  'http://example.com/hook',
  'ftp://example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:text/plain,x',
  'https://example.com:80/',
  'https://example.com:22/',
  'https://example.com:5432/',
  // not a URL, or not the one it seems to be
  '',
  'example.com/hook',
  '//example.com/hook',
  'https://',
  'https://user@example.com/',
  'https://user:secret@example.com/',
  'https://example.com@127.0.0.1/',
  'https://example.com\\@127.0.0.1/',
  'https://exa\tmple.com/',
  'https://example.com/\r\nhost: inside',
  `https://example.com/${'a'.repeat(2_000)}`,
  // loopback in its disguises
  'https://localhost/',
  'https://LOCALHOST/',
  'https://localhost./',
  'https://x.localhost/',
  'https://127.0.0.1/',
  'https://127.0.0.1./',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0x7f.0.0.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://①②⑦.0.0.1/',
  'https://127。0。0。1/',
  'https://0.0.0.0/',
  'https://0/',
  'https://[::1]/',
  'https://[::]/',
  'https://[0:0:0:0:0:0:0:1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  // our own network, and what a cloud keeps for its machines
  'https://10.0.0.1/',
  'https://10.255.255.255/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://100.127.255.255/',
  'https://169.254.169.254/latest/meta-data/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[fe80::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://metadata.google.internal/',
  'https://printer.local/',
  'https://kafka/',
  // nobody's
  'https://192.0.2.1/',
  'https://198.18.0.1/',
  'https://198.51.100.7/',
  'https://203.0.113.9/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[2001:db8::1]/',
  'https://[2001::1]/',
  'https://[ff02::1]/',
];

describe('webhook URL', () => {
  it.each(REACHABLE)('accepts %s', (text) => {
    expect(checkWebhookUrl(text, [])).toMatchObject({ ok: true, isAllowedHost: false });
  });

  it.each(REFUSED)('refuses %j', (text) => {
    expect(checkWebhookUrl(text, [])).toMatchObject({ ok: false });
  });

  it('lets a listed host be private, plain http and on any port', () => {
    expect(checkWebhookUrl('http://127.0.0.1:4000/hook', ['127.0.0.1'])).toMatchObject({ ok: true });
    expect(checkWebhookUrl('http://inside:4000/hook', ['inside:4000'])).toMatchObject({ ok: true });
  });

  it('does not let a listed host:port open another port, or another host that ends like it', () => {
    expect(checkWebhookUrl('http://inside:4001/', ['inside:4000'])).toMatchObject({ ok: false });
    expect(checkWebhookUrl('http://x.inside:4000/', ['inside:4000'])).toMatchObject({ ok: false });
    expect(checkWebhookUrl('ftp://inside:4000/', ['inside:4000'])).toMatchObject({ ok: false });
  });
});

describe('public address', () => {
  const byte = fc.integer({ min: 0, max: 255 });

  it('never takes a v4-mapped IPv6 address for public, whatever it maps', () => {
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), (bytes) => !isPublicAddress(`::ffff:${bytes.join('.')}`)),
    );
  });

  it('takes text that is no address for not public', () => {
    for (const text of ['', 'x', '1.2.3', '1.2.3.4.5', '256.1.1.1', '8.8.8.8 ', '2a00::1%eth0', 'g::1']) {
      expect(isPublicAddress(text)).toBe(false);
    }
  });

  it('closes exactly the 10/8 of its neighbourhood', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99 }),
        byte,
        (a, b) => isPublicAddress(`${a}.${b}.1.1`) === (a !== 10),
      ),
    );
  });
});
