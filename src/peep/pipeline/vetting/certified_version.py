"""Version while it is certified: its archives, what they are compared with, the ground."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date

from peep.dataclass import dataclass, replace
from peep.errors import VettingError
from peep.examine.child import isolation_for
from peep.examine.division import added_to
from peep.examine.reading import Reading, ReadRelease
from peep.examine.types import Comparison
from peep.formats.digest_lines import DigestLine
from peep.formats.names import normalised
from peep.formats.versions import same_version
from peep.pipeline.examining.release_comparer import ComparedArchives, WantedRelease, release_comparer
from peep.pipeline.options import InstallOptions
from peep.pipeline.session import Session
from peep.pipeline.vetting.audit_ground import AskAbout, Claims, Ground, everything_read, ground_of, lines_of
from peep.pipeline.vetting.listed_archives import Listing
from peep.pipeline.vetting.listed_names import named_subjects, recorded_name
from peep.pipeline.vetting.release_records import provenance_hits
from peep.system.sandbox import find_isolation
from peep.vetting.assembly import Vetting
from peep.vetting.attestations import provenance_of
from peep.vetting.criteria import with_implied
from peep.vetting.decision import Decision
from peep.vetting.known_versions import ExaminedVersion, KnownVersions, known_filenames
from peep.vetting.records import Answer, Audit
from peep.vetting.rules import Question
from peep.vetting.verdicts import Basis, Subject, node


@dataclass(frozen=True, slots=True)
class CertifyOptions:
    run: InstallOptions
    """Its files list the archives; without files they are those that the reading or the index names."""
    name: str
    version: str
    criteria: tuple[str, ...] = ()
    """Empty: what the policy demands."""
    by: str | None = None
    notes: str | None = None
    """Given: the statement that all was read; None: the reading says what was, or a person is asked."""
    since: str | None = None
    """The version that it was compared with; None: the nearest examined one below."""
    is_full: bool = False
    reading: Reading | None = None
    wheel: str | None = None
    """Tag or file name of the wheel that is compared, where nothing lists archives."""
    skipped: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    machine: str | None = None
    vetting: str | None = None
    use_sandbox: bool = True


class CertifiedVersion:
    """One version that is to be certified: what is listed of it, and what it was compared with."""

    def __init__(
        self,
        options: CertifyOptions,
        listing: Listing,
        vetting: Vetting,
        today: date,
        open_run: Callable[[], AbstractContextManager[Session]],
    ) -> None:
        self.options = options
        self._open_run = open_run
        self.listing = listing
        self.vetting = vetting
        self.today = today
        self.project = normalised(options.name)
        self.criteria = tuple(sorted(set(options.criteria or (vetting.policy.demand,))))
        self.strongest = max(self.criteria, key=lambda one: len(with_implied([one], vetting.criteria)))
        self._decision: Decision | None = None

    @property
    def decision(self) -> Decision:
        if self._decision is None:
            self._decision = Decision(self.vetting, Question(self.strongest, self.today))
        return self._decision

    def ground(self, ask: AskAbout | None) -> Ground:
        """What the record rests on: a reading, a comparison of what the index has, or a statement about a listing."""
        if self.options.reading is not None:
            return self._ground_of_reading(self.options.reading, ask)
        if not self.options.run.sources.requirement_files:
            return self._ground_of_index()
        archives = self._named(self._listed())
        base = self._base()
        return Ground(
            everything_read(archives, self._read_ones(base.archives) if base is not None else ()), self.options.answers
        )

    def _ground_of_reading(self, reading: Reading, ask: AskAbout | None) -> Ground:
        self._check_pair(reading)
        listed = self._listed() if self.options.run.sources.requirement_files else ()
        new = _wanted(reading.new)
        known = {line.sha256 for line in new.lines}
        new = replace(new, lines=(*new.lines, *(line for line in listed if line.sha256 not in known)))
        old = _wanted(reading.old) if reading.old is not None else None
        compared = self._compared(old, new)
        return self._grounded(compared, listed, reading, ask)

    def _check_pair(self, reading: Reading) -> None:
        """Raises `VettingError` where the reading is of another pair of releases than the one that is certified."""
        options, old = self.options, reading.old
        wanted = f"{self.project} {options.version}"
        if normalised(reading.project) != self.project or not same_version(reading.new.version, options.version):
            raise VettingError(f"the reading is of {reading.project} {reading.new.version}, not of {wanted}")
        if not reading.new.archives or (old is not None and not old.archives):
            raise VettingError("the reading names no archives", "save it anew from the review page")
        if old is None:
            if options.since is not None:
                raise VettingError(f"the reading is of all of {wanted}, not of what changed since {options.since}")
            return
        if options.is_full:
            raise VettingError(f"the reading is of what changed since {old.version}, not of all of {wanted}")
        base = self._base()
        if base is None:
            hint = f"certify {self.project} {old.version} first, or read all: peep diff {wanted} --full"
            raise VettingError(f"no archive of {self.project} {old.version} is examined for {self.strongest}", hint)
        if not same_version(base.version, old.version):
            hint = f"--since {old.version}, or read what changed since {base.version}"
            raise VettingError(f"the reading is of what changed since {old.version}, not since {base.version}", hint)

    def extended(self, audit: Audit) -> Audit:
        """`audit` with the listed archives that it does not name yet. Raises `VettingError` if one must be read."""
        known = {line.sha256 for line in audit.archives}
        lines = tuple(line for line in self._listed_or_offered() if line.sha256 not in known)
        if not lines:
            raise VettingError("there is nothing to add: the audit record names every listed archive")
        compared = self._compared(None, WantedRelease(self.options.version, (*audit.read, *lines)))
        names = {line.sha256: line for line in compared.new}
        read = {names[line.sha256].filename for line in audit.read}
        division = lines_of(added_to(read, compared.comparison.inventory), compared)
        if left := [line for line in division.left_out if line.sha256 not in known]:
            told = [f"{line.filename}: has files that no archive of the record has at their place" for line in left]
            raise VettingError("\n".join(told), "read what they have, and certify them: peep diff, peep certify --from")
        return replace(
            audit,
            same=tuple(sorted({*audit.same, *division.same})),
            compiled=tuple(sorted({*audit.compiled, *division.compiled})),
        )

    def _listed_or_offered(self) -> tuple[DigestLine, ...]:
        """What the files list, else the wheel that `--wheel` names, and the sdist, as the index offers them."""
        if self.options.run.sources.requirement_files:
            return self._listed()
        return self._compared(None, WantedRelease(self.options.version, wheel=self.options.wheel)).new

    def _ground_of_index(self) -> Ground:
        base = self._base()
        old = WantedRelease(base.version, self._read_ones(base.archives)) if base is not None else None
        compared = self._compared(old, WantedRelease(self.options.version, wheel=self.options.wheel))
        return self._grounded(compared, compared.new, None, None)

    def _compared(self, old: WantedRelease | None, new: WantedRelease) -> ComparedArchives:
        isolation = isolation_for(find_isolation(), wanted=self.options.use_sandbox)
        with self._open_run() as session:
            if self.options.run.sources.requirement_files:
                session.read_pins()  # the network learns from it which indexes the files name
            with release_comparer(session) as comparer:
                return comparer.compared(self.project, old, new, isolation)

    def _grounded(
        self, compared: ComparedArchives, wanted: tuple[DigestLine, ...], reading: Reading | None, ask: AskAbout | None
    ) -> Ground:
        bases = [line for line in compared.old if self._is_examined(line)]
        compared = replace(compared, comparison=self._with_provenance(compared))
        claims = Claims(self.options.skipped, self.options.answers)
        return ground_of(compared, bases, wanted, reading, claims, ask)

    def _with_provenance(self, compared: ComparedArchives) -> Comparison:
        """With the signal that the publisher is another one than before, or gone."""
        provenance = provenance_of(self.vetting.records.published, compared.old or None, compared.new)
        comparison = compared.comparison
        return replace(comparison, signals=(*comparison.signals, *provenance_hits(provenance)))

    def _is_examined(self, line: DigestLine) -> bool:
        return self.decision.verdict(Subject(line.sha256, self.project, "", line.filename)).is_examined

    def _listed(self) -> tuple[DigestLine, ...]:
        """The listed archives of the version, some without a name. Raises `VettingError` for none, or no sha256."""
        wanted = f"{self.project} {self.options.version}"
        mine = [one.subject for one in self.listing.archives if one.subject.name == self.project]
        found = [one for one in mine if not one.is_commit and same_version(one.version, self.options.version)]
        if not found:
            listed = ", ".join(sorted({one.version for one in mine if one.version}))
            hint = f"listed versions: {listed}" if listed else "nothing of that project is listed"
            raise VettingError(f"no archive of {wanted} is listed", hint)
        if nameless := [one for one in found if not one.key]:
            told = f"{len(nameless)} of {len(found)} listed archives of {wanted} have no sha256"
            raise VettingError(told, "records name archives by sha256: list that (peep hash prints it)")
        names = known_filenames(self.vetting)
        return tuple(sorted({DigestLine(one.key, one.filename or recorded_name(one, names)) for one in found}))

    def _named(self, lines: tuple[DigestLine, ...]) -> tuple[DigestLine, ...]:
        """With the names that the store or the index has, where the listing and the records have none."""
        if all(line.filename for line in lines):
            return lines
        subjects = [Subject(line.sha256, self.project, self.options.version, line.filename) for line in lines]
        with self._open_run() as session:
            session.read_pins()  # the network learns from it which indexes the files name
            named = named_subjects(
                subjects, self.vetting, session.store, session.context.reporter, session.network.index
            )
        return tuple(sorted({DigestLine(one.key, one.filename) for one in named}))

    def _base(self) -> ExaminedVersion | None:
        """The version that was compared with; None under `--full`, and where no version below is examined.

        Raises `VettingError` for one of which no archive is examined: what changed since then says nothing.
        """
        options = self.options
        if options.is_full:
            return None
        known = KnownVersions(self.vetting, self.decision)
        if options.since is None:
            return known.nearest(self.project, options.version).below
        version = known.version(self.project, options.since)
        if version is None:
            hint = f"certify {self.project} {options.since} first, or read all of it: --full"
            raise VettingError(f"no archive of {self.project} {options.since} is examined for {self.strongest}", hint)
        return version

    def _read_ones(self, archives: tuple[DigestLine, ...]) -> tuple[DigestLine, ...]:
        """Those that hold every content: `same` and `compiled` ones hold nothing that they do not."""
        derived = {Basis.SAME, Basis.COMPILED}
        read = tuple(
            line for line in archives if self.decision.chains.basis(node(self.project, line.sha256)) not in derived
        )
        return read or archives


def _wanted(release: ReadRelease) -> WantedRelease:
    """A release as a reading names it; the wheel that was compared stands first."""
    lines = tuple(DigestLine(sha256, filename) for sha256, filename in release.archives)
    wheel = next((line.filename for line in lines if line.filename.endswith(".whl")), None)
    return WantedRelease(release.version, lines, wheel)
