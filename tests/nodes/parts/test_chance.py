import numpy as np

from nodes.parts.chance import below, chance


def drawn(counts):
    return [int(bits) for bits in chance(np.array(counts)).view(np.uint64)]


def test_it_is_the_published_sequence():
    # the first outputs of splitmix64 from seed 0, as printed by the authors' C code
    assert drawn([0, 1, 2]) == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_it_is_what_whole_numbers_of_python_give():
    def plain(count):
        z = (count + 1) * 0x9E3779B97F4A7C15 % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        return z ^ (z >> 31)

    counts = [0, 1, 17, 2**40, 2**62]
    assert drawn(counts) == [plain(count) for count in counts]


def test_its_bits_are_even():
    bits = np.array([[z >> j & 1 for j in range(64)] for z in drawn(range(4000))])
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 4.5 * 0.5 / np.sqrt(4000)


def test_remainders_are_those_of_numbers_without_a_sign():
    bits = chance(np.arange(50))
    for n in (1, 2, 7, 10**6):
        assert below(bits, n).tolist() == [int(z) % n for z in bits.view(np.uint64)]
