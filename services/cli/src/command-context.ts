/** What a command is given: where it writes, whom it asks, and how it ends. */
export interface CommandContext {
  readonly defaultUrl: string;
  readonly defaultToken: string | undefined;
  /** `DATABASE_URL`, where it is set. */
  readonly databaseUrl: string | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** 0 done, 1 something found or failed, 2 wrong use. */
  readonly exit: (code: number) => void;
}
