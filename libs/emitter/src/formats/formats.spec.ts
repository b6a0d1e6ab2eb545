import { combinedFormat } from './combined.js';
import { jsonLinesFormat, parseMapping } from './json-lines.js';
import type { LoggedCall, LogFormat } from './logged-call.js';
import { zoneOffsetMs } from './logged-call.js';
import { openstackFormat } from './openstack.js';
import { recogniseFormat } from './recognise.js';

function call(format: LogFormat, line: string): LoggedCall {
  const reading = format.read(line);
  if ('unreadable' in reading) throw new Error(reading.unreadable);
  return reading;
}

function reason(format: LogFormat, line: string): string {
  const reading = format.read(line);
  return 'unreadable' in reading ? reading.unreadable : 'readable';
}

const TIME = '[16/May/2026:08:00:00 +0200]';

describe('the combined format', () => {
  const combined = combinedFormat(null);

  it('reads a line of nginx with request time, in UTC', () => {
    const request = `${TIME} "GET /v1/148383/contacts?page=0 HTTP/1.1"`;
    const line = `203.0.113.9 - isv_eksempel ${request} 200 1893 "-" "Eksempel/1.4" 0.248`;
    expect(call(combined, line)).toMatchObject({
      timeMs: Date.UTC(2026, 4, 16, 6),
      method: 'GET',
      target: '/v1/148383/contacts?page=0',
      status: 200,
      durationMs: 248,
      responseBytes: 1893,
      ip: '203.0.113.9',
      userAgent: 'Eksempel/1.4',
    });
    expect(call(combined, line).field('remote-user')).toBe('isv_eksempel');
  });

  it('reads the common format, IPv6, an absent size and an absent user', () => {
    const read = call(combined, `2001:db8::7 - - ${TIME} "DELETE /v1/contacts/7 HTTP/2.0" 204 -`);
    expect(read).toMatchObject({ ip: '2001:db8::7', status: 204, responseBytes: null, userAgent: null });
    expect(read.field('remote-user')).toBeNull();
  });

  it.each([
    [String.raw`"Odd \"quoted\" agent/2.0"`, 'Odd "quoted" agent/2.0'],
    [String.raw`"Odd \x22quoted\x22 agent/2.0"`, 'Odd "quoted" agent/2.0'],
    ['"Odd "quoted" agent/2.0"', 'Odd "quoted" agent/2.0'],
    ['""', null],
  ])('reads the agent %s', (logged, userAgent) => {
    const read = call(
      combined,
      `203.0.113.9 - - ${TIME} "GET /x HTTP/1.1" 200 1 "https://a.example/" ${logged}`,
    );
    expect(read.userAgent).toBe(userAgent);
  });

  it('reads a quote inside the path, a user with blanks, and a request without version', () => {
    expect(call(combined, `::1 - - ${TIME} "GET /a"b HTTP/1.1" 404 9 "-" "x"`).target).toBe('/a"b');
    expect(call(combined, `::1 - Anna B ${TIME} "GET /a HTTP/1.1" 200 9`).field('remote-user')).toBe(
      'Anna B',
    );
    expect(call(combined, `::1 - - ${TIME} "GET /a" 400 9 "-" "-"`).target).toBe('/a');
  });

  it('takes whole numbers as durations only when told the unit: they may be bytes', () => {
    const line = `::1 - - ${TIME} "GET /a HTTP/1.1" 200 9 "-" "x" 248000`;
    expect(call(combined, line).durationMs).toBe(0);
    expect(call(combinedFormat('us'), line).durationMs).toBe(248);
    const named = `::1 - - ${TIME} "GET /a HTTP/1.1" 200 9 "-" "x" "-" rt=0.020`;
    expect(call(combined, named).durationMs).toBe(20);
  });

  it('takes a request id from the end, and the status of a client that went away as 0', () => {
    const id = '38101a0b-2096-447d-96ea-a692162415ae';
    const read = call(combined, `::1 - - ${TIME} "GET /a HTTP/1.1" 499 0 "-" "x" 1.5 ${id}`);
    expect(read).toMatchObject({ requestId: id, status: 0, durationMs: 1500 });
  });

  it.each([
    [String.raw`::1 - - ${TIME} "\x16\x03\x01\x00" 400 157 "-" "-"`, 'the request is not'],
    [`::1 - - ${TIME} "-" 408 0 "-" "-"`, 'the client sent nothing'],
    [`::1 - - ${TIME} "PROPFIND /a HTTP/1.1" 405 9 "-" "-"`, 'PROPFIND'],
    [`::1 - - ${TIME} "GET a HTTP/1.1" 400 9 "-" "-"`, 'does not begin with /'],
    [`::1 - - ${TIME} "GET /a HTTP/1.1" 999 9 "-" "-"`, 'not an HTTP status'],
    [`::1 - - ${TIME} "GET /a HTTP/1.1"`, 'no status'],
    [`::1 - - [31/Feb/2026:08:00:00 +0200] "GET /a HTTP/1.1" 200 9`, 'there is no time'],
    ['2026/05/16 08:00:00 [error] 7#7: *1 open() failed', 'no time such as'],
  ])('says why it cannot read %s', (line, why) => {
    expect(reason(combined, line)).toContain(why);
  });

  it('stays fast on a hostile line of 60 kB', () => {
    const line = `::1 - - ${TIME} "GET /${'" "'.repeat(20_000)}`;
    const startedMs = performance.now();
    reason(combined, line);
    reason(combined, `${line}" 200 1 ${'" "'.repeat(20_000)}`);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

describe('the openstack format', () => {
  const openstack = openstackFormat(zoneOffsetMs('+02:00'));
  const rest = '10.11.21.122,10.11.10.1 "GET /latest HTTP/1.1" status: 200 len: 157 time: 0.0008290';

  it('reads user, tenant and request id, in the zone it is told', () => {
    const read = call(openstack, `n.log 2017-05-16 00:00:00.008 7 INFO x [req-1 usr ten - - -] ${rest}`);
    expect(read).toMatchObject({
      timeMs: Date.UTC(2017, 4, 15, 22, 0, 0, 8),
      requestId: 'req-1',
      durationMs: 1,
    });
    expect([read.field('user'), read.field('tenant'), read.ip]).toEqual(['usr', 'ten', '10.11.21.122']);
  });

  it('reads [-] and dashes as nobody', () => {
    for (const context of ['[-]', '[req-1 - - - - -]']) {
      const read = call(openstack, `n.log 2017-05-16 00:00:00.008 7 INFO x ${context} ${rest}`);
      expect([read.field('user'), read.field('tenant')]).toEqual([null, null]);
    }
  });

  it('says why it cannot read another line of the service', () => {
    expect(reason(openstack, 'n.log 2017-05-16 00:00:00.008 7 INFO x [-] Starting')).toContain(
      'before address',
    );
  });
});

describe('the jsonl format', () => {
  const jsonl = (map = '', zone = 'Z') => jsonLinesFormat(parseMapping(map), zoneOffsetMs(zone));

  it('reads mapped fields with units and dots', () => {
    const line = '{"client":"isv","ts":1778911200,"req":{"m":"get"},"path":"/a","status":"200","took":0.25}';
    const read = call(jsonl('integrationId=client,time=ts:s,method=req.m,durationMs=took:s'), line);
    expect(read).toMatchObject({ timeMs: 1_778_911_200_000, method: 'GET', status: 200, durationMs: 250 });
    expect(read.field('integrationId')).toBe('isv');
    expect(read.field('req.m')).toBe('get');
  });

  it('reads what nginx writes as JSON without a mapping', () => {
    const line =
      '{"time_iso8601":"2026-05-16T08:00:00+02:00","request":"GET /a HTTP/1.1",' +
      '"status":200,"request_time":"0.020"}';
    expect(call(jsonl(), line)).toMatchObject({ timeMs: Date.UTC(2026, 4, 16, 6), durationMs: 20 });
  });

  it('takes a time without offset in the zone it is told', () => {
    const line = '{"time":"2026-05-16 08:00:00","method":"GET","path":"/a","status":200}';
    expect(call(jsonl('', '-0100'), line).timeMs).toBe(Date.UTC(2026, 4, 16, 9));
  });

  it.each([
    ['{"time":', 'not a JSON object'],
    ['[1]', 'not a JSON object'],
    ['{"method":"GET"}', 'no usable time'],
    ['{"time":"yesterday"}', 'not one that can be read'],
    ['{"time":"2026-05-16T08:00:00Z","method":"GET","status":200}', 'no usable path'],
    ['{"time":"2026-05-16T08:00:00Z","method":"GET","path":"/"}', 'no usable status'],
  ])('says why it cannot read %s', (line, why) => {
    expect(reason(jsonl(), line)).toContain(why);
  });

  it('refuses a mapping of names that are not ours', () => {
    expect(() => parseMapping('tid=ts')).toThrow(RangeError);
    expect(() => parseMapping('durationMs=took:h')).toThrow(RangeError);
  });
});

describe('recognising', () => {
  const formats = [openstackFormat(0), combinedFormat(null), jsonLinesFormat(parseMapping(''), 0)];
  const nginx = `::1 - - ${TIME} "GET /a HTTP/1.1" 200 9`;
  const name = (lines: string[]) => {
    const { format } = recogniseFormat(lines, formats);
    return typeof format === 'string' ? format : (format?.name ?? null);
  };

  it('takes the format that reads most lines, and none when none reads one', () => {
    expect(name(['# a remark', nginx, ''])).toBe('combined');
    expect(name(['{"time":1778911200,"method":"GET","path":"/a","status":200}'])).toBe('jsonl');
    expect(name(['{"specversion":"1.0","type":"dk.dinero.usage.sms_sent.v1"}'])).toBe('cloudevents');
    expect(name(['hello'])).toBeNull();
  });
});
