import { failureOf } from './sql-error.js';

const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('failureOf', () => {
  it.each(['22001', '22021', '22P02', '23505', '23514'])(
    'calls SQLSTATE %s bad data, so the event is looked for',
    (code) => {
      expect(failureOf(withCode(code))).toBe('bad_data');
    },
  );

  it.each([
    '08006',
    '40001',
    '40P01',
    '53100',
    '53300',
    '55P03',
    '57P01',
    '57014',
    '58030',
    '25P03',
    'ECONNREFUSED',
    'ECONNRESET',
    'EAI_AGAIN',
  ])('calls %s trouble outside, so the batch is tried again', (code) => {
    expect(failureOf(withCode(code))).toBe('trouble_outside');
  });

  it.each(['42501', '42P01', 'XX000', 'ENOENT', 'ERR_INVALID_ARG_TYPE', '2'])(
    'calls %s broken, so the partition stops',
    (code) => {
      expect(failureOf(withCode(code))).toBe('broken');
    },
  );

  it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect'])(
    'knows "%s" although it has no code',
    (message) => {
      expect(failureOf(new Error(message))).toBe('trouble_outside');
    },
  );

  it('looks into the driver’s error that TypeORM wraps, and not for ever', () => {
    expect(failureOf(Object.assign(new Error('query failed'), { driverError: withCode('40P01') }))).toBe(
      'trouble_outside',
    );
    const circular: { driverError?: unknown } = {};
    circular.driverError = circular;
    expect(failureOf(circular)).toBe('broken');
  });

  it.each([['text'], [7], [{}]])('calls the thrown value %j broken', (value) => {
    expect(failureOf(value)).toBe('broken');
  });
});
