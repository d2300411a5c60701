"""The three nets (三网): their own cells, their comparison with the base grid, and who is responsible afterwards."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..choices import Finding, LayerState, Net, Provenance


class NetLayer(models.Model):
    """One delivery of one net's cells. One is in force for each net; older ones stay for the mergers that used them."""

    net = models.CharField(max_length=20, choices=Net)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=12, choices=LayerState, default=LayerState.STAGED)
    source = models.CharField(max_length=200, blank=True)
    provenance = models.CharField(max_length=12, choices=Provenance)
    simulated = models.BooleanField(default=False)
    cell_count = models.PositiveIntegerField(default=0)
    covered = models.FloatField(default=0)  # share of the district that its cells cover
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    upload = models.BinaryField(null=True)  # the file, packed, until the job has read it
    report = models.JSONField(
        default=dict, blank=True
    )  # read, refused, warnings, stopped; job; replaced: the one before

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["net", "number"], name="one_net_layer_per_number"),
            models.UniqueConstraint(fields=["net"], condition=Q(state="in_force"), name="one_net_layer_in_force"),
            models.CheckConstraint(condition=Q(net__in=Net.values), name="net_known"),
        ]

    def __str__(self) -> str:
        return f"{self.net} {self.number}"


class NetCell(models.Model):
    """A cell of a net: who is responsible in it for that net's places and incidents. `shape`: WKB, degrees."""

    layer = models.ForeignKey(NetLayer, on_delete=models.CASCADE, related_name="cells")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=100, blank=True)
    shape = models.BinaryField()
    area_m2 = models.PositiveIntegerField()
    body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(max_length=200, blank=True)  # what is done there: of places, never of persons

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layer", "code"], name="one_net_cell_per_code")]

    def __str__(self) -> str:
        return self.code


class NetMerger(models.Model):
    """A comparison of the nets in force with the base grid of one revision, and its decisions."""

    matter = models.OneToOneField("flow.Matter", primary_key=True, on_delete=models.PROTECT, related_name="net_merger")
    name = models.CharField(max_length=80)
    base = models.CharField(max_length=32)
    layers = models.ManyToManyField(NetLayer, related_name="+")
    share = models.FloatField(default=0.1)  # of a base grid that a cell must hold to count as responsible in it
    tolerance_m = models.FloatField(default=10.0)
    summary = models.JSONField(default=dict, blank=True)
    submitted_by = models.CharField(max_length=40, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    simulated = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"merger {self.pk}"


class MergeLine(models.Model):
    """One base grid and one net: what was found, what was decided. The reason lies sealed in the journal."""

    merger = models.ForeignKey(NetMerger, on_delete=models.CASCADE, related_name="lines")
    net = models.CharField(max_length=20, choices=Net)
    code = models.CharField(max_length=15)
    finding = models.CharField(max_length=12, choices=Finding)
    claims = models.JSONField(default=list)  # [cell code, body id or null, share of the base grid]
    uncovered = models.FloatField(default=0)
    decided = models.BooleanField(default=False)
    body = models.ForeignKey("organisations.Body", null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_seq = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merger", "net", "code"], name="one_merge_line"),
            models.CheckConstraint(condition=Q(finding__in=Finding.values), name="merge_finding_known"),
            models.CheckConstraint(
                condition=Q(decided=False, decided_at__isnull=True) | Q(decided=True, decided_at__isnull=False),
                name="merge_line_decided_when",
            ),
        ]
        indexes = [models.Index(fields=["merger", "finding", "decided"], name="merge_line_to_decide")]

    def __str__(self) -> str:
        return f"{self.code} {self.net}"


class NetBorder(models.Model):
    """Where one net's borders do not run along those of the base grid: [cell, other cell, length, off, mean and largest
    distance in metres, area in square metres, lines of [lon, lat]], the largest area first.
    """

    merger = models.ForeignKey(NetMerger, on_delete=models.CASCADE, related_name="borders")
    net = models.CharField(max_length=20, choices=Net)
    stretches = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merger", "net"], name="one_border_list_per_net")]

    def __str__(self) -> str:
        return f"{self.merger_id} {self.net}"


class Duty(models.Model):
    """Who is responsible in a base grid for one net, from one day to another. A body, never a person."""

    net = models.CharField(max_length=20, choices=Net)
    code = models.CharField(max_length=15)
    body = models.ForeignKey("organisations.Body", on_delete=models.PROTECT, related_name="+")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    merger = models.ForeignKey(NetMerger, null=True, on_delete=models.PROTECT, related_name="duties")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["net", "code"], condition=Q(valid_to=None), name="one_duty_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.net} {self.code}"
