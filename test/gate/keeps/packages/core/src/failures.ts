export type Failure = 'denied' | 'throttled';
