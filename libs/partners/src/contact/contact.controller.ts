import { Controller, Inject } from '@nestjs/common';
import {
  CLOCK,
  Input,
  Problem,
  Route,
  databaseOf,
  invalidInput,
  newId,
  notFound,
  runCommand,
  withActor,
  type Call,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { lockSubjects, makeChange } from '../change/change.service.js';
import type { CommandFields } from '../change/command-body.js';
import { loadPartner } from '../partner/partner.service.js';
import {
  contactMistakes,
  inOrder,
  MOST_CONTACTS,
  removed,
  withoutPerson,
  type ContactDetails,
  type ContactState,
} from './contact.js';
import { deleteContact, getContacts, getContactVersions, postContact, putContact } from './contact-routes.js';
import { listContacts, listContactVersions, loadContact, saveContact } from './contact.service.js';

/** Contacts over HTTP. A partner keeps its own. */

interface Place {
  readonly partnerId: string;
  readonly contactId: string;
}

@Controller()
export class ContactController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(getContacts)
  list(@Input() { params: { partnerId }, query: { at }, actor }: CallOf<typeof getContacts>) {
    return withActor(this.database, actor, async (tx) => {
      await refuseHidden(tx, partnerId);
      const items = await listContacts(tx, partnerId, at === undefined ? null : new Date(at));
      return { items, nextCursor: null };
    });
  }

  @Route(getContactVersions)
  versions(@Input() { params, query, actor }: CallOf<typeof getContactVersions>) {
    const before = query.cursor === undefined ? undefined : Number(query.cursor);
    return withActor(this.database, actor, async (tx) => {
      const page = await listContactVersions(tx, params, { limit: query.limit, before });
      if (page.items.length === 0 && before === undefined) throw notFound(`contact ${params.contactId}`);
      return page;
    });
  }

  @Route(postContact)
  post(@Input() call: CallOf<typeof postContact>) {
    const { reason, ...details } = call.body;
    const place = { partnerId: call.params.partnerId, contactId: newId('contact', this.clock) };
    return this.change(call, place, { reason }, async (tx) => {
      const contacts = await listContacts(tx, place.partnerId);
      if (contacts.length >= MOST_CONTACTS) {
        throw new Problem(409, 'too-many-contacts', `remove one of the ${MOST_CONTACTS} contacts first`);
      }
      return () => stateOf(place, details);
    });
  }

  @Route(putContact)
  put(@Input() call: CallOf<typeof putContact>) {
    const { version, reason, ...details } = call.body;
    return this.change(call, call.params, { version, reason }, async () => (current) => {
      present(current, call.params);
      return stateOf(call.params, details);
    });
  }

  @Route(deleteContact)
  remove(@Input() call: CallOf<typeof deleteContact>) {
    return this.change(
      call,
      call.params,
      { version: call.query.version },
      async () => (current) => removed(present(current, call.params)),
    );
  }

  private change(
    call: Call,
    { partnerId, contactId }: Place,
    { version: seenVersion, reason }: CommandFields,
    prepare: (tx: EntityManager) => Promise<(current: ContactState | null) => ContactState>,
  ) {
    const now = this.clock.now();
    const subject = `contact|${partnerId}|${contactId}`;
    return runCommand(this.database, call, this.clock, async (tx) => {
      // The partner too: two that are added at once are counted one after the other.
      await lockSubjects(tx, [subject, `partner|${partnerId}`]);
      await refuseHidden(tx, partnerId);
      const decide = await prepare(tx);
      const { state, changed } = await makeChange<ContactState>(tx, call.actor, now, {
        subject,
        // No other domain needs to know persons, so nothing is published.
        fact: () => Promise.resolve(),
        action: 'contact_changed',
        reason: reason ?? null,
        seenVersion,
        load: () => loadContact(tx, partnerId, contactId),
        decide,
        save: (_tx, next) => saveContact(tx, next, now),
        audited: withoutPerson,
      });
      return { contactId, version: state.version, changed };
    });
  }
}

/** @throws Problem 404 where the reader sees no such partner */
async function refuseHidden(tx: EntityManager, partnerId: string): Promise<void> {
  if (!(await loadPartner(tx, partnerId))) throw notFound(`partner ${partnerId}`);
}

/** @throws Problem 404 when there is none, or no more */
function present(current: ContactState | null, { partnerId, contactId }: Place): ContactState {
  if (!current || current.removed) throw notFound(`contact ${contactId} of partner ${partnerId}`);
  return current;
}

/** @throws Problem 400 naming each field and the rule that it breaks */
function stateOf(place: Place, details: ContactDetails): ContactState {
  const mistakes = contactMistakes(details);
  if (mistakes.length > 0) throw invalidInput(mistakes);
  return { ...place, version: 0, ...details, purposes: inOrder(details.purposes), removed: false };
}
