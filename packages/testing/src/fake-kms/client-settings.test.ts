import { expect, test } from 'vitest';

import { propertiesText } from './client-settings.ts';

test('backslashes and letters beyond ASCII are escaped, as Java reads them', () => {
  const settings = { caFilePath: 'C:\\ca.pem', name: 'ä数' };

  expect(propertiesText(settings)).toBe('caFilePath=C:\\\\ca.pem\nname=\\u00e4\\u6570\n');
});
