export type Keep = 'kept';
export const keep = (value: unknown): unknown => value;
