import CZooPlugin

import CZooPlugin

/// An operator that a plugin offers: one form of one ONNX operator, from one opset version on.
///
/// ```swift
/// struct Double: Operator {
///   let signature = Signature("Double", domain: "example", since: 1)
///   func infer(_ node: Node) throws -> [OutputType] { [OutputType(like: try node.input(0))] }
///   func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel { DoubleKernel() }
/// }
/// ```
///
/// The host asks from several threads at once, for different nodes of one model too, so that what calls share must be
/// constant or locked.
public protocol Operator: Sendable {
  /// What the operator serves.
  var signature: Signature { get }

  /// The type and shape of each output, from the inputs' types and shapes and the values of constant ones. Operators of ONNX's
  /// domains need none: the host knows what they give, and does not ask.
  ///
  /// - Throws: `OperatorError`, when the node or its inputs are not what the operator's specification allows.
  func infer(_ node: Node) throws -> [OutputType]

  /// Checks attributes, packs constant inputs and chooses how to compute.
  func makeKernel(_ node: Node, on executor: Executor) throws -> any Kernel

  /// Whether the operator can apply `step` to output 0 after the node's present epilogue.
  func accepts(_ step: Step, in node: Node) -> Bool

  /// The layouts the operator wants for its inputs and gives its outputs; `nil` for plain ones everywhere.
  func layouts(for node: Node) throws -> LayoutChoice?

  /// Inputs that `makeKernel` reads with `Node.constant(_:)` where they are constant, and then consumes.
  func inputsInPieces(_ node: Node) -> [Int]
}

extension Operator {
  public func infer(_ node: Node) throws -> [OutputType] {
    throw OperatorError("\(signature.name) does not say what it gives", kind: .unsupported)
  }
  public func accepts(_ step: Step, in node: Node) -> Bool { false }
  public func layouts(for node: Node) throws -> LayoutChoice? { nil }
  public func inputsInPieces(_ node: Node) -> [Int] { [] }
}

/// The operator that a type implements.
public struct Signature: Sendable, Hashable {
  public var name: String
  /// Empty for ONNX's own.
  public var domain: String
  /// The first opset version with this form.
  public var since: Int64

  public init(_ name: String, domain: String = "", since: Int64) {
    self.name = name
    self.domain = domain
    self.since = since
  }
}

/// The computation of one node, with its weights packed. Any number of threads may run it at once.
public protocol Kernel: AnyObject, Sendable {
  /// Computes the outputs.
  func run(_ call: Call) throws

  /// Scratch memory that a run needs.
  var workspaceByteCount: Int { get }
  /// Inputs that `run` does not read, because the kernel holds their contents packed.
  var consumedInputs: [Int] { get }
  /// Inputs whose memory output 0 may take.
  var inPlaceInputs: [Int] { get }
  /// By input with which `run` does nothing but to put it into output 0, as it is: the byte at which it begins there. The host
  /// may then have it made in that place, where `run` leaves it. Inputs past the end of the list are no such ones.
  var inputPlaces: [Int?] { get }
  /// The layouts in which `run` writes the outputs, plain ones where the list ends; `nil` for a kernel that looks at the
  /// layouts of the call's outputs. The host refuses a kernel that writes another layout than there is room for.
  var outputLayouts: [Layout]? { get }
  /// How the kernel computes, for people: `Winograd F(4×4,3×3)`.
  var summary: String? { get }

  /// A kernel for the same node at other input shapes that shares this one's packed weights; `nil` asks the host to
  /// make one anew.
  func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)?
}

extension Kernel {
  public var workspaceByteCount: Int { 0 }
  public var consumedInputs: [Int] { [] }
  public var inPlaceInputs: [Int] { [] }
  public var inputPlaces: [Int?] { [] }
  public var outputLayouts: [Layout]? { [] }
  public var summary: String? { nil }
  public func reshaped(for node: Node, on executor: Executor) throws -> (any Kernel)? { nil }
}

/// How the elements of a tensor lie in memory (`zoo_plugin.h`).
public struct Layout: RawRepresentable, Sendable, Hashable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// Row major.
  public static let plain = Layout(rawValue: Int32(ZOO_LAYOUT_PLAIN))
  /// Channels in groups of 16, innermost; lanes past the last channel hold zeros.
  public static let nchw16c = Layout(rawValue: Int32(ZOO_LAYOUT_NCHW16C))
}

public struct LayoutChoice: Sendable, Hashable {
  /// By input; shorter than the node's inputs where the rest are plain.
  public var inputs: [Layout]
  public var outputs: [Layout]

  public init(inputs: [Layout], outputs: [Layout]) {
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// The type and shape of an output.
public struct OutputType: Sendable, Hashable {
  public var kind: OutputKind
  /// Of a tensor; `nil` when only running the operator can tell.
  public var shape: [Int]?

  public init(_ type: ElementType, _ shape: [Int]?) { (kind, self.shape) = (.tensor(type), shape) }

  public init(_ kind: OutputKind) { (self.kind, shape) = (kind, nil) }

  public init(like tensor: TensorView) {
    self.init(tensor.type, tensor.shape)
  }
}

/// What sort of value an output is, or a part of one.
public indirect enum OutputKind: Sendable, Hashable {
  case tensor(ElementType)
  case sequence(OutputKind)
  case optional(OutputKind)
  case map(keys: ElementType, values: OutputKind)
}

/// Why an operator can't serve a node or a run.
public struct OperatorError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The model or its input is wrong.
    case invalid
    /// Valid by the specification, but not implemented here.
    case unsupported
    case outOfMemory
  }
  public var kind: Kind
  public var description: String

  public init(_ message: String, kind: Kind = .invalid) {
    self.kind = kind
    description = message
  }
}
