/** The long text under the import command's `--help`: formats, mapping, times, and worked examples. */

export const IMPORT_HELP = `
Formats (--format; auto looks at the first 50 lines and says what it took)
  combined     nginx and Apache, combined or common. A number with decimals after the agent is the request
               time in seconds ($request_time); --duration-unit us takes whole numbers as well (Apache's %D).
               integration: remote user, else the agent's product (Eksempel/1.4 is Eksempel)
               agreement: {organizationId} of a --route, else 148383 in /v1/148383/contacts
  jsonl        one JSON object a line, fields by --map
  openstack    Nova; integration is the user, agreement the tenant; times are UTC unless --time-zone
  cloudevents  ready events, one a line (sms_sent or api_call); sent as they are

Who called (--integration, --agreement; several by comma, the first that finds something decides)
  remote-user  user  tenant  user-agent  ip (as a hash)  field:NAME (JSON)  const:VALUE  none
  path         the all-digit segment after the version       path:2     the second segment
  path:NAME    parameter NAME of the --route that matched
  Who cannot be told is integration "unknown". Both are keys, so they travel in clear; all else that
  identifies (ids, addresses, query values) is hashed with --hash-key.

Mapping (--map OURS=THEIRS,…; dots go down: req.method; a unit follows a colon: s, ms, us, ns)
  time request method path status durationMs requestBytes responseBytes requestId ip userAgent
  integrationId organizationId

Times and repeats
  The time of an event is the time in the log. Events more than 7 days old are put aside as too late when
  they are counted: --shift-to moves the whole log, intervals kept, so that its earliest call falls on an
  instant. The same file with the same options gives the same events: import it twice and it counts once.

Exit code
  0 all lines are accepted   1 lines were unreadable or refused, or sending failed   2 wrong use
  --lenient gives 0 in spite of unreadable lines.

Examples
  See what an nginx log would become, without sending:
    taxameter import access.log --dry-run
  A rotated log whose routes are known:
    taxameter import access.log.2.gz --route '/v1/{organizationId}/contacts/{contactGuid}' \\
      --route '/v1/{organizationId}/contacts' --operation 'GET /v1/{organizationId}/contacts=list'
  A JSON log of a gateway, took in seconds:
    taxameter import gateway.jsonl --map integrationId=client,organizationId=org,time=ts,durationMs=took:s
  The OpenStack log of the demo, as if it began at eight:
    taxameter import demo/data/openstack-nova-api.log --shift-to 2026-05-16T08:00:00Z
  From a pipe, everything of one integration:
    zcat access.log.*.gz | taxameter import - --source /import/may --integration const:isv_eksempel
`;
