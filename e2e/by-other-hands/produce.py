"""Writes CloudEvents to Kafka as a team with Python would: nothing of ours but the documented format.

Reads one JSON object a line from stdin: {"key": "record key", "event": {a CloudEvent}}, and writes it in the mode
given. kafka-python's default partitioner is the same hash as Java's, so a key lands where our producers put it.
"""

import argparse
import json
import sys
from collections import defaultdict

from kafka import KafkaProducer
from kafka.partitioner.default import murmur2

STRUCTURED = "application/cloudevents+json; charset=UTF-8"
BATCH = "application/cloudevents-batch+json; charset=UTF-8"


def binary(event):
    """Attributes travel as ce_ headers, the value is the data alone."""
    attributes = {name: value for name, value in event.items() if name not in ("data", "datacontenttype")}
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    headers.append(("content-type", event.get("datacontenttype", "application/json").encode()))
    return headers, encode(event["data"])


def encode(value):
    return json.dumps(value, ensure_ascii=False).encode()


def batches(producer, topic, lines):
    """A batch is one record, so its events must belong to one partition."""
    count = len(producer.partitions_for(topic))
    by_partition = defaultdict(list)
    for line in lines:
        partition = (murmur2(line["key"].encode()) & 0x7FFFFFFF) % count
        by_partition[partition].append(line["event"])
    return by_partition.items()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--brokers", required=True)
    arguments.add_argument("--topic", required=True)
    arguments.add_argument("--mode", required=True, choices=["binary", "structured", "batch"])
    given = arguments.parse_args()
    lines = [json.loads(line) for line in sys.stdin if line.strip()]
    producer = KafkaProducer(bootstrap_servers=given.brokers.split(","), acks="all")

    sent = []
    if given.mode == "batch":
        for partition, events in batches(producer, given.topic, lines):
            headers = [("content-type", BATCH.encode())]
            sent.append(producer.send(given.topic, value=encode(events), headers=headers, partition=partition))
    else:
        for line in lines:
            headers, value = (
                binary(line["event"])
                if given.mode == "binary"
                else ([("content-type", STRUCTURED.encode())], encode(line["event"]))
            )
            sent.append(producer.send(given.topic, key=line["key"].encode(), value=value, headers=headers))
    for record in sent:
        record.get(timeout=30)
    producer.close()
    print(len(sent))


main()
