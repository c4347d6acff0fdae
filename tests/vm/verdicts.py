# SPDX-License-Identifier: MIT
"""Judges every state that a power cut leaves of a recording: see powerlog.py."""

import powerlog
import recording


class Judge:
    """Judges the states of a recording, `log`. A kind of them has its own `verdict`, and its own numbers of torn tails."""

    # Torn states of a gap: usually, where something in `places` changes, and how much written is too much for more than one.
    few, many, large = 3, 18, 64 << 20

    def places(self):
        """(offset, size) of what can go wrong in more ways."""
        end = 1 << 20
        return [(0, end), (recording.DISK - end, end)]

    def verdict(self, flush, tail, kept):
        """(verdict, reason); "failure" for what must never be."""
        raise NotImplementedError

    def content(self, flush, kept, start, size):
        """What a state has in this area of the disk, as the writes that it comes of: to look only once at what is the same."""
        before = sum(w.touches(start, size) for gap in self.log.gaps[:flush] for w in gap)
        return before, tuple(sorted((w.at, str(sectors)) for w, sectors in kept if w.touches(start, size)))

    def tails(self, gap):
        if any(w.touches(*place) for w in gap for place in self.places()):
            return self.many
        return 1 if sum(w.size for w in gap) > self.large else self.few

    def run(self, name, log, replay, seed):
        """Judges every state, a line each in build/power/results-NAME; none may be a failure. Returns how many there
        are of each verdict."""
        failures, counts = [], {}
        with open(recording.WORK / f"results-{name}", "w") as results:
            for flush, tail, kept in powerlog.states(log, replay, seed, self.tails):
                verdict, reason = self.verdict(flush, tail, kept)
                counts[verdict] = counts.get(verdict, 0) + 1
                results.write(f"{name} {flush} {tail or '-'} {verdict} {reason}\n")
                if verdict == "failure":
                    failures.append(f"{name} {flush} {tail or '-'} {reason}")
            summary = f"{name}: {log.flushes()} flushes, {sum(counts.values())} states with seed {seed}: {counts}"
            results.write(summary + "\n")
        print(summary)
        assert not failures, f"{len(failures)} of {sum(counts.values())} states, the first: " + "\n".join(failures[:8])
        return counts
