"""Tests for isegformer.propagation.memory."""

import torch

from isegformer.propagation.memory import MemoryBank, MemoryEntry, cells


def entry(place, **values):
    """Return an entry of one cell; keywords o1, o2 name the values of objects 1 and 2."""
    by_label = {int(name[1:]): torch.tensor([[float(value)]]) for name, value in values.items()}
    return MemoryEntry(key=torch.tensor([[float(place)]]), values=by_label)


def read(bank, place, labels):
    query = torch.tensor([[[[float(place)]]]])
    return bank.read(query, labels, top_k=1, block_bytes=1000).flatten().tolist()


def test_cells_are_rows_of_channels():
    assert cells(torch.arange(12.0).view(1, 2, 2, 3))[0, 1].tolist() == [1.0, 7.0]


def test_each_object_reads_its_own_value():
    bank = MemoryBank([entry(0, o1=5, o2=7), entry(10, o1=6, o2=8)], max_recent=2)
    assert read(bank, 9, [1, 2]) == [6, 8]
    assert read(bank, 1, [2]) == [7]


def test_added_slices_are_read_and_the_oldest_predicted_one_goes():
    bank = MemoryBank([entry(0, o1=1)], max_recent=2)
    assert read(bank, 10, [1]) == [1]
    for place, value in ((10, 2), (20, 3), (30, 4)):
        bank.add(entry(place, o1=value))
    assert len(bank) == 3
    assert read(bank, 0, [1]) == [1]
    assert read(bank, 11, [1]) == [3]
    assert read(bank, 30, [1]) == [4]


def test_an_object_that_ended_may_be_absent_from_later_entries():
    bank = MemoryBank([entry(0, o1=1, o2=2)], max_recent=2)
    assert read(bank, 0, [1, 2]) == [1, 2]
    bank.add(entry(10, o2=9))
    assert read(bank, 10, [2]) == [9]


def test_read_keeps_rows_and_columns_in_place():
    key = cells(torch.arange(6.0).view(1, 1, 2, 3) * 10)[0]
    bank = MemoryBank([MemoryEntry(key=key, values={4: torch.arange(6.0).view(6, 1)})], max_recent=1)
    result = bank.read(torch.tensor([[[[50.0, 0, 10], [20, 30, 40]]]]), [4], top_k=1, block_bytes=1000)
    assert result.tolist() == [[[[[5.0, 0, 1], [2, 3, 4]]]]]


def test_several_slices_read_as_each_alone():
    torch.manual_seed(0)
    values = {1: torch.rand(6, 2), 9: torch.rand(6, 2)}
    bank = MemoryBank([MemoryEntry(key=torch.rand(6, 4), values=values)], max_recent=1)
    queries = torch.rand(3, 4, 2, 3)
    together = bank.read(queries, [9, 1], top_k=2, block_bytes=1000)
    assert together.shape == (3, 2, 2, 2, 3)
    for query, read in zip(queries, together, strict=True):
        torch.testing.assert_close(bank.read(query[None], [9, 1], top_k=2, block_bytes=1000)[0], read)
