package attack_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// sample is how long one answer took, and what was asked.
type sample struct {
	took  time.Duration
	known bool
}

// least is the smallest difference that counts. What differs less is lost on every
// network but the server's own: Crosby, Wallach and Riedi (2009) tell 20 µs apart over
// the Internet, with a thousand tries and filters of this kind.
const least = 25 * time.Microsecond

const (
	// block is how many answers in a row are compared with each other: a machine that
	// becomes slower meanwhile is slower for both.
	block        = 80
	permutations = 400
)

// midsummary is the mean of what lies between the 5th and the 60th percentile. Noise only
// ever adds time, so the upper part says more about the machine than about the server.
func midsummary(sorted []float64) float64 {
	part := sorted[len(sorted)/20 : len(sorted)*3/5]
	sum := 0.0
	for _, x := range part {
		sum += x
	}
	return sum / float64(len(part))
}

// difference is how much longer answers about known people take.
func difference(times []float64, known []bool) float64 {
	sum, blocks := 0.0, 0
	a, b := make([]float64, 0, block), make([]float64, 0, block)
	for from := 0; from+block <= len(times); from += block {
		a, b = a[:0], b[:0]
		for i := from; i < from+block; i++ {
			if known[i] {
				a = append(a, times[i])
			} else {
				b = append(b, times[i])
			}
		}
		slices.Sort(a)
		slices.Sort(b)
		sum += midsummary(a) - midsummary(b)
		blocks++
	}
	return sum / float64(blocks)
}

// verdict is what an attacker learns from the times.
type verdict struct {
	by   time.Duration // how much longer known ones take
	band time.Duration // what chance alone makes of it: 99.9 % of all permutations
	told bool          // known from unknown, beyond chance and large enough for a network
}

// judge holds the difference against what it is when known and unknown are exchanged at
// random, so that it needs to know nothing of how the times are spread.
func judge(samples []sample) verdict {
	times, known := make([]float64, len(samples)), make([]bool, len(samples))
	for i, s := range samples {
		times[i], known[i] = float64(s.took), s.known
	}
	by := difference(times, known)
	chance := 0.0
	square := 0.0
	for range permutations {
		for from := 0; from+block <= len(known); from += block {
			part := known[from : from+block]
			rand.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
		}
		d := difference(times, known)
		square += d * d
		chance = max(chance, math.Abs(d))
	}
	// The blocks' differences add up to a normal distribution: 3.29 of its widths hold 99.9 %.
	chance = max(chance, 3.29*math.Sqrt(square/permutations))
	return verdict{time.Duration(by), time.Duration(chance), math.Abs(by) > chance && math.Abs(by) > float64(least)}
}
