import CZooSystem

/// What kernels need to know of the processor.
public struct CPU: Sendable {
  /// Instruction sets as `zoo_plugin.h` numbers them.
  public enum ISA: Int32, Sendable, CaseIterable {
    case generic = 0
    case avx2 = 1
    case avx512 = 2
  }
  public var isa: ISA
  public var features: UInt32 = 0
  public var l1ByteCount = 32 << 10
  public var l2ByteCount = 512 << 10
  public var l3ByteCount = 16 << 20

  public init(isa: ISA) { self.isa = isa }

  public static let current = CPU(isa: .avx2)
}
