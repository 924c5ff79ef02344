import { describeAdapter } from '@kms-secrets/testing';
import express from 'express';
import { expect, test } from 'vitest';
import { answer } from './index.ts';

test('an adapter with its framework', () => {
  expect([answer, express, describeAdapter]).toHaveLength(3);
});
