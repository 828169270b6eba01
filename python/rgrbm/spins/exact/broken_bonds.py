"""Configurations of a torus by their number of broken bonds, as exact integers.

Z = e^(2KN) Σ_k g_k zᵏ, z = e^(−2K), is a polynomial, and Kaufman's formula gives its values: with the modes of
``modes`` at low temperature,

    Σ g_k zᵏ = ½ (C_o + S_o + C_e + S_e),        C² and S² = Π [L_m ± 2τ^m],

where the modes k and 2n − k are taken together, and L_m = y^m + (τ²/y)^m follows by recurrence from
y + τ²/y = (1 + z²)² − 2τ cos πk/n. P. D. Beale (Phys. Rev. Lett. 76, 78, 1996) multiplied the polynomials. Here they
are evaluated modulo primes p that have the cosines among their integers (2n divides p − 1), at roots of unity; the
values are transformed back to coefficients modulo p, and these are put together by the Chinese remainder theorem.
Nothing is rounded.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Residues = npt.NDArray[np.int64]  # modulo a prime below 2³¹, so that products fit


def broken_bond_counts(rows: int, columns: int) -> list[int]:
    """How many of the 2ᴺ configurations have k = 0 … 2N broken bonds, on a torus of sides of at least 2."""
    n, m = min(rows, columns), max(rows, columns)
    n_sites, step = n * m, 1 if n % 2 or m % 2 else 2  # on even sides, only even numbers of bonds are broken
    size = 1 << (2 * n_sites // step).bit_length()
    order = step * size
    order *= 2 * n // np.gcd(order, 2 * n)
    counts, modulus = [0] * (2 * n_sites // step + 1), 1
    for p in _primes(int(order)):
        values = _values(n, m, _powers(_root(p, step * size), size, p), _root(p, 2 * n), p)
        residues = _coefficients(values, _root(p, step * size) ** step % p, p)[: len(counts)].tolist()
        inverse = pow(modulus, -1, p)
        counts = [c + modulus * ((r - c) * inverse % p) for c, r in zip(counts, residues, strict=True)]
        modulus *= p
        if modulus > 2**n_sites:
            break
    result = [0] * (2 * n_sites + 1)
    result[::step] = counts
    return result


def _values(n: int, m: int, z: Residues, zeta: int, p: int) -> Residues:
    """Σ g_k zᵏ at each z modulo p; zeta = exp(iπ/n)."""
    tau, square = z * (1 - z * z % p) % p, (1 + z * z) % p
    square = square * square % p
    double = 2 * _power(tau, m, p)
    cosh, sinh = [np.ones_like(z), np.ones_like(z)], [np.ones_like(z), np.ones_like(z)]
    for k in range(n + 1):
        if k in (0, n):  # modes that are there once, for which y is a square
            sign = -1 if k == 0 else 1
            forward, backward = _power(1 + sign * z, m, p), _power(z * (1 - sign * z) % p, m, p)
            c, s = forward + backward, forward - backward
        else:
            cosine = (pow(zeta, k, p) + pow(zeta, -k, p)) % p  # twice the cosine
            lucas = _lucas((square - cosine * tau) % p, tau * tau % p, m, p)
            c, s = lucas + double, lucas - double
        cosh[k % 2] = cosh[k % 2] * (c % p) % p
        sinh[k % 2] = sinh[k % 2] * (s % p) % p
    return np.asarray(sum(cosh + sinh) % p * pow(2, -1, p) % p)


def _lucas(b: Residues, product: Residues, m: int, p: int) -> Residues:
    """a^m + c^m of numbers with a + c = b and ac = ``product``, by doubling."""
    low, high, power = np.full_like(b, 2), b, np.ones_like(b)  # of j and j + 1, and productʲ
    for bit in bin(m)[2:]:
        middle = (low * high - power * b) % p
        if bit == "1":
            low, high = middle, (high * high - 2 * (power * product % p)) % p
            power = power * power % p * product % p
        else:
            low, high = (low * low - 2 * power) % p, middle
            power = power * power % p
    return low


def _power(base: Residues, exponent: int, p: int) -> Residues:
    base, result = base % p, np.ones_like(base)
    for bit in bin(exponent)[2:]:
        result = result * result % p
        if bit == "1":
            result = result * base % p
    return result


def _powers(root: int, size: int, p: int) -> Residues:
    """1, root, root², … modulo p."""
    powers = np.ones(1, np.int64)
    while len(powers) < size:
        powers = np.concatenate([powers, powers * pow(root, len(powers), p) % p])
    return powers


def _coefficients(values: Residues, root: int, p: int) -> Residues:
    """Coefficients of a polynomial from its values at 1, root, root² … of 2ʲ = len(values) roots of unity."""
    size = len(values)
    # Decimation in time: columns are transforms of interleaved parts, of which two make one of twice the length.
    table = values.reshape(1, size)
    while len(table) < size:
        half = table.shape[1] // 2
        turn = _powers(pow(root, -half, p), len(table), p)[:, None]
        even, odd = table[:, :half], turn * table[:, half:] % p
        table = np.concatenate([even + odd, even - odd]) % p
    return table[:, 0] * pow(size, -1, p) % p


def _root(p: int, order: int) -> int:
    """A number of this order modulo a prime p, which it divides p − 1 for."""
    factors = _prime_factors(order)
    return next(
        root
        for base in range(2, p)
        if all(pow(root := pow(base, (p - 1) // order, p), order // q, p) != 1 for q in factors)
    )


def _primes(step: int) -> Iterator[int]:
    """Primes below 2³¹ that are 1 modulo ``step``, from the largest."""
    for candidate in range((2**31 - 2) // step * step + 1, step, -step):
        if _is_prime(candidate):
            yield candidate
    raise ValueError(f"there are not enough primes below 2³¹ that are 1 modulo {step}: the lattice is too large")


def _is_prime(number: int) -> bool:
    """By Miller and Rabin's test, which the bases 2, 3, 5 and 7 decide below 3.2 · 10⁹."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        x = pow(base, odd, number)
        if x in (1, number - 1) or number == base:
            continue
        if not any((x := x * x % number) == number - 1 for _ in range(twos - 1)):
            return False
    return True


def _prime_factors(number: int) -> set[int]:
    factors, divisor = set(), 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.add(divisor)
            number //= divisor
        divisor += 1
    return factors | ({number} if number > 1 else set())
