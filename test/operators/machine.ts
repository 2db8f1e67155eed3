import { fileJournal } from '../../src/journal/fileJournal.js';
import type { Journal } from '../../src/journal/journal.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { SimulatedDisk, type DiskOperation, type Fault } from '../journal/simulatedDisk.js';
import { FakeServer, type FakeServerOptions } from './fakeServer.js';
import { begin, play, type Generating, type GeneratingOptions } from './generating.js';
import { VirtualClock } from './virtualClock.js';

/** A machine on which processes come and go, and a server that does not. */
export class Machine {
  readonly clock = new VirtualClock();
  readonly server: FakeServer;
  readonly disk: SimulatedDisk;
  /** What goes wrong with the disk. */
  faultOf: (operation: DiskOperation) => Fault | undefined = () => undefined;

  constructor(server: Omit<FakeServerOptions, 'clock'> = {}) {
    this.server = new FakeServer({ ...server, clock: this.clock });
    this.disk = new SimulatedDisk({ random: seededRandom(1), fault: (operation) => this.faultOf(operation) });
  }

  journal(): Journal {
    return fileJournal({ directory: 'out', disk: this.disk.boot() });
  }

  /** A process that is killed after `byMs`. */
  async killed(byMs: number, options: Omit<GeneratingOptions, 'server'>): Promise<Generating> {
    const life = begin({ ...options, clock: this.clock, api: this.server, journal: this.journal() });
    await this.clock.settle(byMs);
    this.disk.crash();
    life.recording.subscription.unsubscribe();
    return life;
  }

  /** One that comes to its end. */
  async ended(options: Omit<GeneratingOptions, 'server'>): Promise<Generating> {
    const life = await play({ ...options, clock: this.clock, api: this.server, journal: this.journal() });
    this.disk.kill();
    return life;
  }
}
