// A process that tells of each SMS that it has taken, until it is killed. Arguments: the settings of its emitter as JSON.
import { startEmitter } from '@taxameter/emitter/fastify';

const emitter = await startEmitter(JSON.parse(process.argv[2]));
for (let number = 1; ; number += 1) {
  const messageId = await emitter.emitSms({
    messageId: `sms-${process.pid}-${number}`,
    integrationId: 'isv_a',
    organizationId: '1',
    channel: 'send_sms',
    recipient: '+4520123456',
    encoding: 'GSM7',
    characters: 20,
    segments: 1,
  });
  process.stdout.write(`${messageId}\n`);
}
