import { notRetained, type RetainedFrom } from './retained-range.js';
import { planUsage } from './usage-plan.js';

const now = new Date('2026-10-05T08:00:00Z');
const asked = (granularity: 'minute' | 'hour' | 'day', from: string, to: string, timeZone?: string) =>
  planUsage({ granularity, from, to, timeZone, limit: 50 }, now);
const retained: RetainedFrom = {
  minute: new Date('2026-07-01T00:00:00Z'),
  hour: new Date('2025-09-01T00:00:00Z'),
};

describe('a range that retention has taken', () => {
  it('is refused when it begins before, though it ends after, and not when it begins where all is kept', () => {
    const before = asked('minute', '2026-06-30T23:59:00Z', '2026-07-02T00:00:00Z');
    expect(notRetained(before, retained)).toEqual({
      retainedFrom: new Date('2026-07-01T00:00:00Z'),
      coarser: 'hour',
      detail:
        'usage by minute exists from 2026-07-01T00:00:00.000Z on: ask from there, or take granularity=hour',
    });
    expect(notRetained(asked('minute', '2026-07-01T00:00:00Z', '2026-07-02T00:00:00Z'), retained)).toBeNull();
  });

  it('names the days where the hours are gone too', () => {
    const minutes = asked('minute', '2025-08-31T23:00:00Z', '2025-09-01T00:00:00Z');
    expect(notRetained(minutes, retained)?.coarser).toBe('day');
    const hours = asked('hour', '2025-08-31T23:00:00Z', '2025-09-01T00:00:00Z');
    expect(notRetained(hours, retained)).toMatchObject({
      coarser: 'day',
      detail: expect.stringContaining('usage by hour exists from 2025-09-01T00:00:00.000Z on'),
    });
    expect(notRetained(minutes, { minute: retained.minute! })?.coarser).toBe('hour');
  });

  it('is that of the hours for days of another zone, and days themselves are never refused', () => {
    const zoned = asked('day', '2025-08-31', '2025-09-02', 'Europe/Helsinki');
    expect(notRetained(zoned, retained)?.detail).toBe(
      'days of Europe/Helsinki are summed from hours, which exist from 2025-09-01T00:00:00.000Z on: ' +
        'ask from there, or take granularity=day without timeZone',
    );
    expect(notRetained(asked('day', '2025-08-31', '2025-09-02'), retained)).toBeNull();
    expect(notRetained(asked('day', '2025-08-31', '2025-09-02', 'Europe/Copenhagen'), retained)).toBeNull();
  });

  it('is nothing while nothing was dropped', () => {
    expect(notRetained(asked('minute', '2010-01-01T00:00:00Z', '2010-01-02T00:00:00Z'), {})).toBeNull();
  });
});
