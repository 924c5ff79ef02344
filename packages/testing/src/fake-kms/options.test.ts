import { expect, test } from 'vitest';

import type { FakeKmsOptions } from './options.ts';
import { startFakeKms } from './start-fake-kms.ts';

test.each<[FakeKmsOptions, string]>([
  [{ regions: [] }, 'at least one region'],
  [{ regions: ['a', 'a'] }, 'regions of a fake KMS must be unique'],
  [{ regions: ['not a region'] }, 'is not a region id'],
  [{ port: -1 }, 'whole number'],
  [{ port: 65_535, regions: ['a', 'b'] }, 'whole number'],
  [{ stsPort: 70_000 }, 'stsPort of a fake KMS must be a whole number'],
  [{ port: 8000, regions: ['a', 'b'], stsPort: 8001 }, 'they have the ports 8000 to 8001'],
  [{ quota: 0 }, 'at least 1 request per second'],
])('rejects the options %j', async (options, message) => {
  await expect(startFakeKms(options)).rejects.toThrow(message);
});

test('rejects an instance in another region', async () => {
  const instances = [{ id: 'kst-one', region: 'cn-beijing' }];

  await expect(startFakeKms({ instances })).rejects.toThrow(
    'kst-one is in cn-beijing, which is not one of the regions',
  );
});

test.each([[['hzz1']], [['kst-']], [['kst-a', 'kst-a']]])('rejects the instances %j', async (instances) => {
  await expect(startFakeKms({ instances })).rejects.toThrow('instance');
});

test('rejects a port that leaves none for the instances', async () => {
  await expect(startFakeKms({ port: 65_535, instances: ['kst-fake1'] })).rejects.toThrow(
    'further regions and instances',
  );
});

test.each<[object, string]>([
  [{ region: ['cn-hangzhou'] }, 'has no option region. Its options are regions, instances,'],
  [{ regions: 'cn-hangzhou' }, 'regions of a fake KMS must be a list'],
])('rejects the options %j of a caller without types', async (options, message) => {
  await expect(startFakeKms(options)).rejects.toThrow(message);
});
