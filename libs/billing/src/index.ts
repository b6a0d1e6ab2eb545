/** What the rest of the system may use of billing: its module, its migrations and its commands. */
export { BillingModule, billingMigrations } from './billing.module.js';
export { BillingRefused, runQuarter, type RunQuarterDoor } from './run/billing-client.command.js';
export { registerBillingCommands, type BillingCommandContext } from './run/run.command.js';
export { type InvoiceSummary } from './issue/invoice-answers.js';
