import { z } from 'zod';
import { instant, text } from './text.js';

/** CloudEvents 1.0 attributes that every event and fact carries. Unknown extensions are ignored. */
export const envelope = {
  specversion: z.literal('1.0'),
  id: text(256),
  source: text(256),
  time: instant,
  subject: text(256).optional(),
  partitionkey: text(256).optional(),
  datacontenttype: z.literal('application/json').optional(),
  dataschema: text(512).optional(),
  // A sampled event stands for several calls. Counting it as one would be wrong, so it is refused until weighting exists.
  sampledrate: z.never().optional(),
};

/** One CloudEvent type: its name, and the schema of the whole event from which type and validation come. */
export interface EventType<Schema extends z.ZodType = z.ZodType> {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly schema: Schema;
}

export function defineEvent<const Name extends string, Data extends z.ZodType>(definition: {
  type: Name;
  title: string;
  description: string;
  data: Data;
}) {
  const { type, title, description, data } = definition;
  return { type, title, description, schema: z.object({ ...envelope, type: z.literal(type), data }) };
}

/** What every CloudEvent looks like before its type is known to be ours. */
export interface CloudEvent<Data = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string;
  readonly subject?: string | undefined;
  readonly partitionkey?: string | undefined;
  readonly datacontenttype?: string | undefined;
  readonly data: Data;
}
