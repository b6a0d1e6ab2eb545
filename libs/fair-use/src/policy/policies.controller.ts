import { Controller, Inject, StreamableFile } from '@nestjs/common';
import {
  CLOCK,
  databaseOf,
  Input,
  notFound,
  Route,
  runCommand,
  withActor,
  type Actor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { decide, propose, type Proposal } from './decide-policy.service.js';
import { readVersions } from './policy-book.service.js';
import { getPolicies, getPolicy, postPolicy, postPolicyDiff, type VersionShown } from './policies-routes.js';
import { versionInForce, type PolicyVersion } from './policies.js';
import { toYaml } from './policy-yaml.js';
import { changesOfVersion, shownTo, stateOf, type Viewer } from './show-policy.js';

/** Policies over HTTP: to be read by all whom they concern, to be decided by ops and admin. */
@Controller()
export class PoliciesController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getPolicies)
  list(@Input() { query: { cursor, limit }, actor }: CallOf<typeof getPolicies>) {
    return this.reading(actor, ({ versions, decided, viewer, now }) => {
      const older = versions.filter(({ version }) => cursor === undefined || version < cursor).toReversed();
      const items = older.slice(0, limit).map((each) => {
        const earlier = versions.filter(({ version }) => version < each.version);
        const shown = shownVersion(each, { versions, decided, viewer, now });
        return { ...shown, ...changesOfVersion(each, earlier, viewer) };
      });
      return { items, nextCursor: older.length > limit ? String(items.at(-1)!.version) : null };
    });
  }

  @Route(getPolicy)
  one(@Input() { params, query, actor }: CallOf<typeof getPolicy>) {
    const name = params.version.replace(/\.yaml$/, '');
    const isYaml = query.format === 'yaml' || (query.format === undefined && name !== params.version);
    return this.reading(actor, (book) => {
      const { versions, viewer, now } = book;
      const found =
        name === 'in-force'
          ? versionInForce(versions, now)
          : versions.find(({ version }) => version === Number(name));
      if (!found) throw notFound(`version ${name} of the policy`);
      const document = shownTo(viewer, found.document);
      if (!isYaml) return { ...shownVersion(found, book), document };
      return new StreamableFile(Buffer.from(toYaml(document, found.version)), {
        type: 'application/yaml; charset=utf-8',
      });
    });
  }

  @Route(postPolicyDiff)
  diff(@Input() { body, actor }: CallOf<typeof postPolicyDiff>) {
    return withActor(this.database, actor, async (tx) => {
      const proposal = await propose(tx, body, this.clock.now());
      const { base, newest, effectiveForOps } = proposal;
      return { base, newest, stale: base !== newest, ...outcomeOf(proposal), effectiveForOps };
    });
  }

  @Route(postPolicy)
  decide(@Input() call: CallOf<typeof postPolicy>) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const decided = await decide(tx, call.actor, call.body, () => this.clock.now());
      const overtakes = decided.versions
        .filter((each) => stateOf(each, decided.versions, this.clock.now()) === 'planned')
        .filter(({ effectiveFrom }) => Date.parse(effectiveFrom!) >= Date.parse(decided.effectiveFrom))
        .map(({ version }) => version);
      return { version: decided.version, ...outcomeOf(decided), overtakes };
    });
  }

  private reading<Answer>(actor: Actor, show: (book: Book) => Answer): Promise<Answer> {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const versions = await readVersions(tx);
      return show({ versions, decided: await readDecided(tx), viewer: await viewerOf(tx, actor, now), now });
    });
  }
}

interface Decision {
  readonly who: string;
  readonly why: string;
  readonly createdAt: string;
}

interface Book {
  readonly versions: readonly PolicyVersion[];
  readonly decided: ReadonlyMap<number, Decision>;
  readonly viewer: Viewer;
  readonly now: Date;
}

async function readDecided(tx: EntityManager): Promise<Map<number, Decision>> {
  const rows = await tx.query<{ version: number; who: string; why: string; createdAt: Date }[]>(
    'select version, who, why, created_at as "createdAt" from policy_version',
  );
  return new Map(
    rows.map(({ version, who, why, createdAt }) => [
      version,
      { who, why, createdAt: createdAt.toISOString() },
    ]),
  );
}

/** A partner sees what is agreed with the integrations that it owns now. */
async function viewerOf(tx: EntityManager, { role, partnerId }: Actor, now: Date): Promise<Viewer> {
  if (role !== 'partner') return null;
  const owned = await tx.query<{ integrationId: string }[]>(
    `select integration_id as "integrationId" from integration_owner
     where partner_id = $1 and valid_from <= $2 and (valid_to is null or valid_to > $2)`,
    [partnerId, now],
  );
  return { own: new Set(owned.map(({ integrationId }) => integrationId)) };
}

function shownVersion(of: PolicyVersion, { versions, decided, viewer, now }: Book): VersionShown {
  const decision = decided.get(of.version);
  return {
    version: of.version,
    state: stateOf(of, versions, now),
    effectiveFrom: of.effectiveFrom,
    createdAt: decision?.createdAt ?? null,
    who: viewer === null ? (decision?.who ?? null) : null,
    why: viewer === null ? (decision?.why ?? null) : null,
  };
}

function outcomeOf({ effectiveFrom, comparison, isSharper }: Proposal) {
  return { effectiveFrom, ...comparison, sharper: isSharper };
}
