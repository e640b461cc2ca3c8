import GraphWriter
import ZooCore

/// What stays from one run of the interpreter to the next: resource variables, and tensors that operators update.
///
/// Here each is one more input, whose default is what it begins with, and one more output, which is the input of the run
/// that follows.
struct States {
  struct State {
    /// What it begins with.
    var initial: StoredTensor?
    /// The graph's input; `nil` as long as nobody reads what a run before left.
    var input: String?
    /// What it holds now, in the type of the file.
    var value: String?
    var tensor: LiteTensor?
  }

  enum Key: Hashable {
    case variable(container: String, name: String)
    case tensor(Int)
  }

  fileprivate var states: [Key: State] = [:]
  /// In the order in which they are read.
  fileprivate var read: [Key] = []
  /// Variables by the tensors that name them.
  fileprivate var handles: [Int: Key] = [:]
  /// Variables that the model changes; others are constants.
  private var assigned: Set<Key> = []
  /// Whether the operators that are written are those that give variables what they begin with.
  var isBeginning = false

  /// Looks which variables the model's graph assigns to.
  mutating func findAssigned(in graph: LiteModel.Graph) {
    var keys: [Int: Key] = [:]
    for item in graph.operators {
      switch OperatorCodes.name(item.code) {
      case "VAR_HANDLE":
        if let key = try? Self.key(item), let output = item.outputs.first { keys[output] = key }
      case "ASSIGN_VARIABLE": if let key = item.inputs.first.flatMap({ keys[$0] }) { assigned.insert(key) }
      default: break
      }
    }
  }

  fileprivate static func key(_ item: LiteModel.Operator) throws -> Key {
    .variable(container: try item.options?.text(0) ?? "", name: try item.options?.text(1) ?? "")
  }

  fileprivate func isConstant(_ key: Key) -> Bool { !assigned.contains(key) }
}

extension LiteConverter {
  static let stateRules: [String: Rule] = [
    "VAR_HANDLE": { try $0.nameVariable() },
    "READ_VARIABLE": { try $0.readVariable() },
    "ASSIGN_VARIABLE": { try $0.assignVariable() },
  ]

  private mutating func nameVariable() throws {
    _ = try output()
    states.handles[current.outputs[0]] = try States.key(current)
  }

  private func variable() throws -> States.Key {
    _ = try needInput(0)
    guard let key = states.handles[current.inputs[0]] else { throw ZooError(.badData, "its input 0 is no variable") }
    return key
  }

  private mutating func readVariable() throws {
    let (key, tensor) = (try variable(), try output())
    if !states.isBeginning, states.isConstant(key), let initial = states.states[key]?.initial {
      guard initial.type == tensor.type, initial.shape == tensor.shape else { throw Self.otherForm(tensor) }
      lite.tensors[current.outputs[0]].constant = initial
      return
    }
    guard case .variable(_, let name) = key else { return }
    let value = try state(key, tensor: tensor, name: name)
    try finish(tensor.isQuantized ? dequantize(value, tensor) : value, isRounded: true)
  }

  private mutating func assignVariable() throws {
    let (key, tensor) = (try variable(), try needInput(1))
    if states.isBeginning {
      guard let constant = tensor.constant else {
        throw ZooError(.unsupported, "what the variable begins with is computed, and no constant")
      }
      states.states[key, default: States.State()].initial = constant
      return
    }
    try setState(key, plain(input: 1), tensor: tensor)
  }

  private static func otherForm(_ tensor: LiteTensor) -> ZooError {
    ZooError(.badData, "what \"\(tensor.name)\" is read from has another type or shape")
  }

  /// What the state holds now, in the type of the file.
  private mutating func state(_ key: States.Key, tensor: LiteTensor, name: String) throws -> String {
    if let state = states.states[key], let value = state.value {
      guard state.tensor?.type == tensor.type else { throw Self.otherForm(tensor) }
      return value
    }
    guard let initial = states.states[key]?.initial else {
      throw ZooError(.badData, "the variable \"\(name)\" is read before anything is assigned to it")
    }
    guard initial.type == tensor.type, initial.shape == tensor.shape else { throw Self.otherForm(tensor) }
    let input = writer.constant(initial, name.isEmpty ? "state" : name)
    writer.input(input, tensor.type, dimensions(tensor))
    states.read.append(key)
    states.states[key] = States.State(initial: initial, input: input, value: input, tensor: tensor)
    return input
  }

  private mutating func setState(_ key: States.Key, _ real: String, tensor: LiteTensor) throws {
    guard calls.branches == 0 else { throw ZooError(.unsupported, "a variable that is assigned to on a condition") }
    var state = states.states[key] ?? States.State()
    state.value = tensor.isQuantized ? try quantize(real, tensor) : real
    state.tensor = tensor
    states.states[key] = state
  }

  /// The real numbers of an input that its operator updates; they begin with zero.
  mutating func state(input position: Int) throws -> String {
    let (tensor, index) = (try needInput(position), current.inputs[position])
    guard tensor.isState, tensor.constant == nil, values[index] == nil else { return try plain(input: position) }
    let key = States.Key.tensor(index)
    if states.states[key] == nil {
      // The file has no elements that would bound the size.
      guard try Tensor.byteCount(type: tensor.type, shape: tensor.shape) <= 1 << 26 else {
        throw ZooError(.badData, "the state \"\(tensor.name)\" has the shape \(tensor.shape)")
      }
      let zero = tensor.type == .int8 ? tensor.quantization?.zeroPoints.first ?? 0 : 0
      let source = FilledTensor(byte: UInt8(truncatingIfNeeded: zero))
      states.states[key] = try States.State(
        initial: StoredTensor(type: tensor.type, shape: tensor.shape, source: source))
    }
    let value = try state(key, tensor: tensor, name: tensor.name)
    return tensor.isQuantized ? try dequantize(value, tensor) : value
  }

  /// Says what the operator leaves in an input that it updates.
  mutating func setState(input position: Int, _ real: String) throws {
    let (tensor, index) = (try needInput(position), current.inputs[position])
    guard tensor.isState, values[index] == nil else { return }
    try setState(.tensor(index), real, tensor: tensor)
  }

  /// Makes outputs of what the states hold at the end.
  mutating func writeStates() {
    for key in states.read {
      guard let state = states.states[key], let input = state.input, let value = state.value, let tensor = state.tensor
      else { continue }
      let output = writer.name(input + ".next")
      _ = writer.node("Identity", [value], name: output, output: output)
      writer.output(output, tensor.type, dimensions(tensor))
    }
  }
}

/// Elements all bytes of which are the same.
private struct FilledTensor: TensorSource {
  var byte: UInt8

  func read(into bytes: UnsafeMutableRawBufferPointer, type: ElementType, shape: [Int]) {
    bytes.initializeMemory(as: UInt8.self, repeating: byte)
  }
}
