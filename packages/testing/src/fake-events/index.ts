export { startFakeEvents } from './fake-events.ts';
export type { EventDelivery, EventFields, EventTarget, FakeEvents, SignedEvent } from './fake-events.ts';
export { startFakeMns } from './fake-mns.ts';
export type { FakeMns, FakeMnsOptions, FakeQueue, MnsRequestRecord } from './fake-mns.ts';
