"""What the machine is, and how much of it others used while something was measured."""
import os
import platform
import resource
import time


def description():
    model, flags = platform.processor() or platform.machine(), ""
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name.strip() == "model name":
                    model = value.strip()
                elif name.strip() == "flags":
                    flags = value
                    break
    except OSError:
        pass
    known = ["avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16"]
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "features": [f for f in known if f in flags.split()],
            "system": f"{platform.system()} {platform.release()}", "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}


class Watch:
    """Measures which part of the machine's time went to processes that are not ours.

    Counts whole ticks of all CPUs (/proc/stat, time stolen from a virtual machine included) and takes away what this
    process and its finished children used.
    """

    def __init__(self):
        self.start = self._now()

    def foreign_share(self):
        busy, ours, total = (b - a for a, b in zip(self.start, self._now()))
        return max(0.0, busy - ours) / total if total > 0 else 0.0

    @staticmethod
    def _now():
        try:
            with open("/proc/stat") as file:
                ticks = [int(field) for field in file.readline().split()[1:9]]
        except OSError:
            ticks = [0] * 8
        idle = ticks[3] + ticks[4]
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        hertz = os.sysconf("SC_CLK_TCK")
        return ((sum(ticks) - idle) / hertz, sum(u.ru_utime + u.ru_stime for u in usages), sum(ticks) / hertz)
