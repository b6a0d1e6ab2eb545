// A process that starts a broker, says its pid and never stops it: killed with -9 by kafka-left-overs.service.spec.ts.
import { startTestBroker } from '../../dist/testing/kafka-broker.service.js';

const broker = await startTestBroker({ folder: process.argv[2] });
process.stdout.write(String(broker.nodes[0].pid));
setInterval(() => undefined, 1_000);
