export function unsupportedDriver(name: string, range: string): TypeError {
  return new TypeError(`This version of ${name} is not supported: install ${name}@"${range}".`);
}
