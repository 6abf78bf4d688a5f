import numpy as np

from nodes.rules.chance import chance


def test_it_is_the_published_sequence():
    # the first outputs of splitmix64 from seed 0, as printed by the authors' C code
    assert [chance(i) for i in range(3)] == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


def test_compiled_loops_draw_the_same():
    from nodes.kernels.chance import chance as compiled

    counts = [0, 1, 17, 2**40]
    assert [int(compiled(np.int64(c))) for c in counts] == [chance(c) for c in counts]


def test_its_bits_are_even():
    bits = np.array([[chance(i) >> j & 1 for j in range(64)] for i in range(4000)])
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 4.5 * 0.5 / np.sqrt(4000)
