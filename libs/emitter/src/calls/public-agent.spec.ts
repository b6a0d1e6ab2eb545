import { publicAgent } from './public-agent.js';

describe('what leaves of a user agent', () => {
  it('is the program without addresses, 200 characters at most', () => {
    expect(publicAgent('Eksempel/1.4 (drift@eksempel.dk)')).toBe('Eksempel/1.4 ((address))');
    expect(publicAgent('x'.repeat(16_000))).toBe('x'.repeat(200));
  });

  it('is found in its first 1,000 characters', () => {
    const address = `${'a'.repeat(64)}@${'b'.repeat(199)} `;
    expect(publicAgent(`${address.repeat(3)}within`)).toContain('within');
    expect(publicAgent(`${address.repeat(4)}beyond`)).not.toContain('beyond');
  });
});
