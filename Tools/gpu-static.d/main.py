"""Tools/gpu-static, after it has found its tools: see there for what it does and its options."""

import argparse
import os
import subprocess
import sys

import amd
import check
import dump
import networks
import report
import results
import selftest
import work


def arguments():
    parser = argparse.ArgumentParser(prog="Tools/gpu-static", description=__doc__)
    parser.add_argument("--dovetail", metavar="PATH",
                        help="the command that makes the dumps; default: .build/release/dovetail")
    parser.add_argument("--dump", metavar="DIR",
                        help="use these dumps, DIR/<network>, and make none")
    parser.add_argument("--networks", metavar="NAMES", help="by comma; default: all that there are")
    parser.add_argument("--targets", metavar="NAMES", default=",".join(results.TARGETS),
                        help="by comma; default: %(default)s")
    parser.add_argument("--json", metavar="PATH", help="write all figures")
    parser.add_argument("--markdown", metavar="PATH", help="write the tables for docs/gpu.md")
    parser.add_argument("--check-table", metavar="FILE", help="compare times with expected ones")
    parser.add_argument("--quiet", action="store_true", help="the last lines alone, no tables")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--self-test", action="store_true", help="check this tool's own parts")
    for name in ("clang15", "clang-amd", "libnvvm", "ptxas", "nvdisasm", "work"):
        parser.add_argument("--" + name, default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def steps(options, wanted, skipped):
    """The steps to look at."""
    if options.dump:
        found = [name for name in wanted if os.path.exists(os.path.join(options.dump, name))]
        if not found:
            raise networks.NoDump("%s holds none of %s" % (options.dump, ", ".join(wanted)))
        folders = {name: os.path.join(options.dump, name) for name in found}
    else:
        found = [name for name in networks.known(options.dovetail) if name in wanted]
        folders = {name: os.path.join(options.work, "dumps", name) for name in found}
        for name, folder in folders.items():
            networks.dump(options.dovetail, name, folder)
    for name in wanted:
        if name not in found:
            skipped.append("%s: %s" % (name, options.dump + " holds no dump of it" if options.dump
                                       else "this build's bench step lacks one of "
                                       + " ".join(networks.NETWORKS[name])))
    return [dump.read(folders[name], name) for name in found]


def look_at_nvidia(jobs, all_steps, failures):
    """A Network of each step."""
    digests = {(step.name, program.number): program.digest(results.NVIDIA, jobs.tools.nvidia_key)
               for step in all_steps for program in step.programs}
    programs = {digests[step.name, program.number]: program
                for step in all_steps for program in step.programs}
    compiled = jobs.nvidia(programs)
    for digest, result in compiled.items():
        if "error" in result:
            failures.append("%s does not compile for %s with %s: %s" % (
                programs[digest].kernel, results.NVIDIA, " ".join(programs[digest].options),
                result["error"]))
    launches, keys = {}, {}
    for step in all_steps:
        for one in step.launches:
            digest = digests[step.name, one.program.number]
            if "error" not in compiled[digest]:
                keys[id(one)] = jobs.count_key(digest, one)
                launches[keys[id(one)]] = (compiled[digest], one)
    counts = jobs.counts(launches)
    return [results.nvidia(
        step, {program.number: compiled[digests[step.name, program.number]]
               for program in step.programs},
        {id(one): counts[keys[id(one)]] for one in step.launches if id(one) in keys}, failures)
        for step in all_steps]


def look_at_amd(jobs, all_steps, target, skipped):
    found = []
    for step in all_steps:
        if step.precision != "float32":
            skipped.append("%s %s: %s is computed by inline PTX, for NVIDIA alone"
                           % (step.name, target, step.precision))
            continue
        programs = {program.digest(target, jobs.tools.amd_key): program
                    for program in step.programs}
        compiled = jobs.amd(programs, target)
        for digest, result in compiled.items():
            if "error" in result:
                skipped.append("%s %s: %s does not compile: %s" % (
                    step.name, target, programs[digest].kernel, result["error"]))
        found.append(results.of_amd(
            step, target, {programs[digest].number: r for digest, r in compiled.items()}))
    return found


def version(command):
    text = subprocess.run(command, capture_output=True, text=True).stdout
    return text.strip().splitlines()


def main():
    options = arguments()
    skipped, failures = [], []
    targets = options.targets.split(",")
    wanted = options.networks.split(",") if options.networks else list(networks.NETWORKS)
    for kind, names, known in (("target", targets, results.TARGETS),
                               ("network", wanted, networks.NETWORKS)):
        for name in names:
            if name not in known:
                print("gpu-static: no %s %s; there are %s" % (kind, name, ", ".join(known)),
                      file=sys.stderr)
                return 2
    clang_amd = version([options.clang_amd, "--version"])[0] if options.clang_amd else ""
    versions = [version([options.clang15, "--version"])[0], *(
        os.path.basename(tool) + " " + version([tool, "--version"])[-1]
        for tool in (options.ptxas, options.nvdisasm))]
    tools = work.Tools(options.clang15, options.clang_amd, clang_amd, options.libnvvm,
                       options.ptxas, options.nvdisasm, os.path.join(options.work, "cache"))
    if options.self_test:
        return selftest.run(tools)
    try:
        all_steps = steps(options, wanted, skipped)
    except (networks.NoDump, dump.Damaged) as error:
        print("gpu-static: %s" % error, file=sys.stderr)
        return 1
    jobs = work.Work(tools, options.processes)
    found = look_at_nvidia(jobs, all_steps, failures) if results.NVIDIA in targets else []
    for target in amd.TARGETS:
        if target in targets and not clang_amd:
            skipped.append("%s: no clang for it could be had" % target)
        elif target in targets:
            found += look_at_amd(jobs, all_steps, target, skipped)
    jobs.close()
    if clang_amd:
        versions.append("for AMD " + clang_amd)
    return tell(options, found, versions, skipped, failures)


def tell(options, found, versions, skipped, failures):
    lines = []
    if options.check_table:
        lines, deviations = check.compare(options.check_table, found)
        failures += deviations
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            file.write(report.as_json(found, versions, skipped, failures))
    if options.markdown:
        with open(options.markdown, "w", encoding="utf-8") as file:
            file.write("\n".join(report.markdown(found, versions, skipped)) + "\n")
    if not options.quiet:
        for network in found:
            print("\n".join(report.table(network)) + "\n")
    print("\n".join(lines + ["with " + text for text in versions]
                    + ["skipped: " + text for text in skipped]
                    + [report.verdict(network) for network in found]))
    for text in failures:
        print("gpu-static: " + text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
