import CZooPlugin
import Glibc
import TestSupport
import Testing
import ZooRuntime
import ZooSystem

@Suite struct CPUTests {
  private var everything: CPU {
    CPU(
      isa: .avx512, features: UInt32(ZOO_CPU_AVX512_VNNI | ZOO_CPU_AVX512_BF16 | ZOO_CPU_AVX_VNNI),
      l1ByteCount: 32 << 10, l2ByteCount: 1 << 20, l3ByteCount: 0, usableCount: 1)
  }

  @Test func levelsCanBeLowered() {
    #expect(everything.limited(to: nil).cpu == everything)
    #expect(everything.limited(to: "avx512").cpu == everything)
    let avx2 = everything.limited(to: "avx2")
    #expect(avx2.cpu.isa == .avx2 && avx2.cpu.features == UInt32(ZOO_CPU_AVX_VNNI) && avx2.warning == nil)
    let generic = everything.limited(to: "generic")
    #expect(generic.cpu.isa == .generic && generic.cpu.features == 0 && generic.warning == nil)
  }

  @Test func levelsTheCPULacksAreTakenDown() {
    let generic = everything.limited(to: "generic").cpu
    #expect(generic.limited(to: "avx512").cpu == generic)
    #expect(generic.limited(to: "avx512").warning?.contains("ZOO_ISA=avx512") == true)
    #expect(generic.limited(to: "sse9").warning?.contains("none of") == true)
  }

  /// Kernels for what a processor does not have are not tested on it.
  @Test func whatTheProcessorLacksIsKnown() throws {
    let (cpu, features) = (
      CPU.detected,
      [
        ("avx_vnni", ZOO_CPU_AVX_VNNI), ("avx512_vnni", ZOO_CPU_AVX512_VNNI), ("avx512_bf16", ZOO_CPU_AVX512_BF16),
      ]
    )
    for isa in CPU.ISA.allCases { _ = try Need("processor: \(isa)", isMet: isa <= cpu.isa).check() }
    for (name, bit) in features {
      _ = try Need("processor: \(name)", isMet: cpu.features & UInt32(bit) != 0).check()
    }
  }

  @Test func detectionIsSane() {
    let cpu = CPU.detected
    #expect(cpu.usableCount >= 1 && cpu.usableCount <= sysconf(Int32(_SC_NPROCESSORS_CONF)))
    #if arch(x86_64)
      #expect(cpu.l1ByteCount >= 8 << 10 && cpu.l2ByteCount >= cpu.l1ByteCount)
    #else
      #expect(cpu.isa == .generic)
    #endif
  }
}
