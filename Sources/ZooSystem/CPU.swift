import CZooPlugin
import CZooSystem
import Glibc
import Logging

/// What the CPU offers to kernels, found out once.
///
/// The environment's `ZOO_ISA` (`generic`, `avx2` or `avx512`) forces a lower level than the CPU has, for tests. A level
/// that the CPU lacks would end in an illegal instruction, so it is taken down to what there is, with a warning; so is a
/// name that is none of the three.
package struct CPU: Sendable, Hashable {
  /// Instruction sets, each containing the ones before; the numbers are `ZOO_ISA_` of `zoo_plugin.h`.
  package enum ISA: Int32, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    case generic = 0
    /// With FMA and F16C.
    case avx2 = 1
    /// F, BW, CD, DQ and VL.
    case avx512 = 2

    package static func < (left: ISA, right: ISA) -> Bool { left.rawValue < right.rawValue }

    package var description: String {
      switch self {
      case .generic: "generic"
      case .avx2: "avx2"
      case .avx512: "avx512"
      }
    }
  }

  /// The level that kernels may use.
  package var isa: ISA
  /// `ZOO_CPU_` bits of `zoo_plugin.h`.
  package var features: UInt32
  /// Bytes of the data caches: of one core, of one core, shared; 0 where unknown.
  package var l1ByteCount: Int
  package var l2ByteCount: Int
  package var l3ByteCount: Int
  /// CPUs that this process may keep busy: its affinity mask, and its control group's quota rounded up.
  package var usableCount: Int

  package init(
    isa: ISA, features: UInt32, l1ByteCount: Int, l2ByteCount: Int, l3ByteCount: Int, usableCount: Int
  ) {
    self.isa = isa
    self.features = features
    self.l1ByteCount = l1ByteCount
    self.l2ByteCount = l2ByteCount
    self.l3ByteCount = l3ByteCount
    self.usableCount = usableCount
  }

  /// This machine at level `isa`, or at its own level if that is lower; for tests that run each level.
  package init(isa: ISA) {
    self = Self.detected.limited(to: isa.description).cpu
  }

  /// This machine, with `ZOO_ISA` applied.
  package static let current: CPU = {
    let (cpu, warning) = detected.limited(to: getenv("ZOO_ISA").map { String(cString: $0) })
    if let warning { Logger(label: "zoo.cpu").warning("\(warning)") }
    return cpu
  }()

  /// This machine, whatever the environment says.
  package static let detected: CPU = {
    let found = zoo_cpu_detect()
    return CPU(
      isa: ISA(rawValue: found.isa) ?? .generic, features: found.features, l1ByteCount: found.l1_bytes,
      l2ByteCount: found.l2_bytes, l3ByteCount: found.l3_bytes,
      usableCount: min(Int(zoo_affinity_count()), ControlGroup.cpuLimit() ?? .max))
  }()

  /// The same CPU with `name` for its level, as `ZOO_ISA` gives it, and what to warn of.
  package func limited(to name: String?) -> (cpu: CPU, warning: String?) {
    guard let name, !name.isEmpty else { return (self, nil) }
    guard let wanted = ISA.allCases.first(where: { $0.description == name }) else {
      return (self, "ZOO_ISA=\(name) is none of generic, avx2, avx512; using \(isa)")
    }
    guard wanted <= isa else { return (self, "ZOO_ISA=\(name), but this CPU has \(isa) at most; using that") }
    var cpu = self
    cpu.isa = wanted
    if wanted < .avx512 { cpu.features &= ~UInt32(ZOO_CPU_AVX512_VNNI | ZOO_CPU_AVX512_BF16) }
    if wanted < .avx2 { cpu.features = 0 }
    return (cpu, nil)
  }
}
