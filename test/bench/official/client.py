"""Reads secrets over HTTPS with the official client for Python. For each line of input, `<in flight> <reads>`, it prints the CPU
microseconds per read."""

import logging
import math
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from alibabacloud_secretsmanager_client_v2.model.region_info import RegionInfo
from alibabacloud_secretsmanager_client_v2.secret_manager_cache_client_builder import SecretManagerCacheClientBuilder
from alibabacloud_secretsmanager_client_v2.service.default_secret_manager_client_builder import (
    DefaultSecretManagerClientBuilder,
)
from alibabacloud_secretsmanager_client_v2.utils.common_logger import set_logger

set_logger(logging.getLogger("bench"))  # by default, the client prints two lines for each refresh

manager = (
    DefaultSecretManagerClientBuilder()
    .standard()
    .with_access_key(os.environ["KMS_ACCESS_KEY_ID"], os.environ["KMS_ACCESS_KEY_SECRET"])
    .add_region_info(RegionInfo("cn-hangzhou", endpoint=os.environ["KMS_ENDPOINT"]))
    .build()
)
client = SecretManagerCacheClientBuilder.new_cache_client_builder(manager).build()


def read(name, rounds):
    for _ in range(rounds):
        if not client.refresh_now(name):
            raise RuntimeError(f"{name} was not refreshed")


def micros_per_read(in_flight, reads):
    rounds = math.ceil(reads / in_flight)
    names = [f"app/secret-{index}" for index in range(in_flight)]
    before = time.process_time()
    with ThreadPoolExecutor(in_flight) as pool:
        for done in [pool.submit(read, name, rounds) for name in names]:
            done.result()
    return (time.process_time() - before) * 1e6 / (rounds * in_flight)


if not client.get_secret_value("app/secret-0").startswith("s3cret-"):
    raise RuntimeError("the client returned no secret")
for line in sys.stdin:
    in_flight, reads = map(int, line.split())
    print(micros_per_read(in_flight, reads), flush=True)
client.close()
