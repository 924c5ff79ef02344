export const keep = (value: unknown): unknown => value;
