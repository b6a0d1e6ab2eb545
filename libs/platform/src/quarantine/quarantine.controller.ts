import { Controller, Inject } from '@nestjs/common';
import { Input, Route, type CallOf } from '../http/route.decorator.js';
import {
  discardQuarantined,
  listQuarantine,
  reopenQuarantined,
  replayQuarantined,
  showQuarantined,
} from './quarantine-routes.js';
import { Quarantine } from './quarantine.service.js';

@Controller()
export class QuarantineController {
  constructor(@Inject(Quarantine) private readonly quarantine: Quarantine) {}

  @Route(listQuarantine)
  list(@Input() call: CallOf<typeof listQuarantine>) {
    return this.quarantine.list(call);
  }

  @Route(showQuarantined)
  show(@Input() call: CallOf<typeof showQuarantined>) {
    return this.quarantine.show(call);
  }

  @Route(replayQuarantined)
  replay(@Input() call: CallOf<typeof replayQuarantined>) {
    return this.quarantine.replay(call);
  }

  @Route(discardQuarantined)
  discard(@Input() call: CallOf<typeof discardQuarantined>) {
    return this.quarantine.discard(call);
  }

  @Route(reopenQuarantined)
  reopen(@Input() call: CallOf<typeof reopenQuarantined>) {
    return this.quarantine.reopen(call);
  }
}
