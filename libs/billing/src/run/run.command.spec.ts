import { PassThrough } from 'node:stream';
import { Command } from 'commander';
import { startTestRooms } from '@taxameter/platform/testing';
import type { TestRooms } from '@taxameter/platform/testing';
import { runQuarter } from './billing-client.command.js';
import { BILLING_ROOM, feed, integrationRecord, manySms, partnerRecord } from './billing-room.testing.js';
import { registerBillingCommands } from './run.command.js';

describe('taxameter billing run', () => {
  let rooms: TestRooms;
  let token: string;

  beforeEach(async () => {
    rooms = await startTestRooms([BILLING_ROOM], { now: '2026-10-05T08:00:00Z' });
    token = await rooms.token({ role: 'finance' });
    await feed(rooms, [
      partnerRecord('par_a'),
      integrationRecord('isv_a', 'par_a'),
      ...manySms('m', 3, '2026-08-01T10:00:00Z'),
    ]);
  });

  afterEach(async () => {
    await rooms.stop();
  });

  async function billing(args: string[], answer?: boolean) {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const questions: string[] = [];
    let code = -1;
    const program = new Command().exitOverride();
    registerBillingCommands(program, {
      defaultUrl: rooms.address,
      defaultToken: token,
      stdout,
      stderr,
      isTerminal: answer !== undefined,
      exit: (given) => (code = given),
      confirm: async (question) => {
        questions.push(question);
        return answer ?? false;
      },
    });
    await program.parseAsync(['billing', 'run', ...args], { from: 'user' });
    return { code, questions, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
  }

  it('shows the preview and leaves a draft when it is told no more', async () => {
    const { code, out } = await billing(['--quarter', '2026-Q3']);
    expect(code).toBe(0);
    expect(out).toMatch(/Partner par_a A\/S\s+draft\s+3\s+0\s+0\s+3\.00\s+3\.75/);
    const { body } = await rooms.call('finance', 'GET', '/v1/billing/runs');
    expect(body.items).toMatchObject([{ status: 'draft' }]);
  });

  it('issues nothing when the person at the terminal says no', async () => {
    const { code, questions } = await billing(['--quarter', '2026-Q3', '--issue'], false);
    expect([code, questions]).toEqual([0, ['Approve 2026-Q3: 3 SMS, 3.00 DKK, 3.75 DKK with VAT?']]);
    expect((await rooms.call('finance', 'GET', '/v1/invoices')).body.items).toEqual([]);
  });

  it('issues nothing where nobody can be asked and nobody has said yes', async () => {
    const { code, err } = await billing(['--quarter', '2026-Q3', '--issue']);
    expect([code, err]).toEqual([2, expect.stringContaining('say --yes')]);
    expect((await rooms.call('finance', 'GET', '/v1/invoices')).body.items).toEqual([]);
  });

  it('issues, waits for the documents, and reports the same quarter again', async () => {
    const first = await billing(['--quarter', '2026-Q3', '--issue', '--yes', '--json']);
    expect(first.code).toBe(0);
    const { run, invoices } = JSON.parse(first.out);
    expect(run).toMatchObject({ status: 'completed', partners: [{ documents: 'ready' }] });
    expect(invoices).toMatchObject([{ number: '100001', gross: '3.75' }]);
    const again = await billing(['--quarter', '2026-Q3', '--issue', '--yes']);
    expect(again.code).toBe(0);
    expect(again.err).toContain('2026-Q3 is completed: nothing to do');
    expect(again.out).toContain('100001');
  });

  it('says 2 for a quarter that is none and 1 for one that is not over', async () => {
    expect(await billing(['--quarter', '2026-3'])).toMatchObject({ code: 2 });
    const early = await billing(['--quarter', '2026-Q4']);
    expect(early.code).toBe(1);
    expect(early.err).toContain('wait, or give an override with its reason');
    const forced = await billing(['--quarter', '2026-Q4', '--override', 'partneren lukker']);
    expect([forced.code, forced.err]).toEqual([1, expect.stringContaining('has not ended')]);
  });

  it('as a function: takes up a run that was left as a draft and gives the invoices', async () => {
    await billing(['--quarter', '2026-Q3']);
    const lines: string[] = [];
    const invoices = await runQuarter('2026-Q3', { url: rooms.address, token }, (line) => lines.push(line));
    expect(invoices).toMatchObject([{ number: '100001', partnerId: 'par_a', smsCount: 3 }]);
    expect(lines.at(-1)).toBe('completed: 1 of 1 invoices issued, 1 with documents');
    expect(await runQuarter('2026-Q3', { url: rooms.address, token })).toEqual(invoices);
  });
});
