import { apiCall, jsonSchemaOf, RULE_IDS, smsSent } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { SIGNAL_TABLES } from '../signals/tables.js';
import { isIntegrationWide, RULES, ruleNamed } from './registry.js';

/** Whether the JSON Schema declares a property at a dotted path, also within a nullable object. */
function declares(schema: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  const node = schema as { properties?: Record<string, unknown>; anyOf?: unknown[] };
  if (node.anyOf) return node.anyOf.some((option) => declares(option, path));
  const next = node.properties?.[name];
  return next !== undefined && declares(next, rest);
}

const EVENTS = { apiCall, smsSent };

describe('the registry of rules', () => {
  it('has each rule of the policy once', () => {
    expect(RULES.map((rule) => rule.id).sort()).toEqual(Object.keys(defaultPolicy.rules).sort());
  });

  it('has the rules that others may filter breaches by, and no others', () => {
    expect(RULES.map((rule) => rule.id).sort()).toEqual([...RULE_IDS].sort());
  });

  it.each(
    RULES.flatMap(({ id, inputs, reads = 'apiCall' }) => inputs.map((input) => [id, input, reads] as const)),
  )('%s reads %s, which the event %s has', (_id, input, reads) => {
    expect(declares(jsonSchemaOf(EVENTS[reads].schema), input.split('.'))).toBe(true);
  });

  it('names the event of the signals that a rule takes', () => {
    for (const { id, signals, reads = 'apiCall' } of RULES)
      expect([id, reads]).toEqual([id, signals.startsWith('sms') ? 'smsSent' : 'apiCall']);
  });

  it('would notice an input that the event lacks', () => {
    expect(declares(jsonSchemaOf(apiCall.schema), ['data', 'query', 'hasMoonPhase'])).toBe(false);
    expect(declares(jsonSchemaOf(smsSent.schema), ['data', 'errorCode'])).toBe(false);
  });

  it('keys a rule by route exactly when it takes signals of routes', () => {
    for (const rule of RULES) expect(rule.key.includes('route')).toBe(SIGNAL_TABLES[rule.signals].isByRoute);
  });

  it('knows of each rule about all agreements, and of each that waits, which rows may lead to a finding', () => {
    for (const rule of RULES) {
      if (isIntegrationWide(rule) || !rule.isMonotone)
        expect([rule.id, rule.canCarry]).not.toContain(undefined);
    }
  });

  it('refuses a rule that does not exist', () => {
    expect(() => ruleNamed('RATE_CENTURY')).toThrow(RangeError);
  });
});
