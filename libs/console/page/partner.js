/** The page of one partner: asks for everything every minute, and shows each section by itself. */
import { place, replaceContent } from './dom.js';
import { createFeed } from './feeds.js';
import { readPartner } from './partner-reader.js';
import { contactsView, historyView, integrationsView, masterDataView } from './partners-view.js';
import { createSubjectPage, subjectId } from './subject-page.js';

const page = createSubjectPage({
  feed: createFeed(() => readPartner(subjectId)),
  section: 'partner',
  missing: 'partner.missing',
  everyMs: 60_000,
  nameOf: ({ partner }) => partner.name,
  drawSections: (value) => {
    replaceContent(place('data'), masterDataView(value.partner));
    replaceContent(place('integrations'), integrationsView(value));
    replaceContent(place('contacts'), contactsView(value.contacts));
    replaceContent(place('history'), historyView(value));
  },
});

await page.open();
