import Files
import ZooCore
import TensorFiles

extension Checkpoint {
  /// Finds the weights in what a pickle gave, and everything plain beside them.
  init(_ contents: CheckpointContents, fileSize: Int) throws {
    var search = StateDictionary(contents, fileSize: fileSize)
    (tensors, values, path) = try search.extract()
    unread = search.unread()
  }
}

/// The search for the weights in a checkpoint's containers.
private struct StateDictionary {
  /// The names under which people keep weights, the most telling first.
  private static let usualNames = [
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params", "module",
    "params_ema",
  ]
  private static let depthLimit = 32
  private static let nameBytesLimit = 1 << 28
  /// Classes that are named in the end; their number is told of more.
  private static let namedClassLimit = 100

  private let contents: CheckpointContents
  private let pickle: Pickle
  /// By object: whether a tensor is in it or in anything it refers to.
  private let holdsTensors: [Bool]
  private var visits = 0
  /// Of values beside the weights, which are cut off where there are too many.
  private var plainVisits = 0
  /// Visits of values in all: a pickle may refer to one container from many places.
  private let visitLimit: Int
  private var nameBytes = 0
  private var tensorBytes = 0
  private let tensorBytesLimit: Int

  private var tensors: [NamedTensor] = []
  private var values: [String: CheckpointValue] = [:]
  /// Classes of others' whose objects the weights were found in.
  private var walkedClasses: Set<[UInt8]> = []
  /// Arrays of what tensors don't hold, by name.
  private var unreadArrays: [String] = []

  init(_ contents: CheckpointContents, fileSize: Int) {
    self.contents = contents
    pickle = contents.pickle
    holdsTensors = Self.reach(contents.pickle)
    // Tied and expanded weights let a checkpoint's tensors be larger than its file, but not by much.
    tensorBytesLimit = 16 * fileSize + 1 << 26
    visitLimit = max(1_000_000, pickle.bytes.count)
  }

  mutating func extract() throws -> ([NamedTensor], [String: CheckpointValue], path: String) {
    var place = pickle.root
    var path = ""
    // A module's attributes are the names that its program's state_dict() has.
    for _ in 0..<(contents.isProgram ? 0 : Self.depthLimit) {
      guard parts(place) == nil, let entries = entries(place), let inner = chosen(entries) else { break }
      note(place)
      for (name, value) in entries where name != inner.name && !holds(value) {
        values[try join(path, name)] = plain(value, depth: 0)
      }
      path = try join(path, inner.name)
      place = inner.value
    }
    try flatten(place, name: "", depth: 0)
    guard !tensors.isEmpty else {
      let others = unread().prefix(3).joined(separator: ", ")
      throw ZooError(
        .badData,
        "the checkpoint holds no tensors" + (others.isEmpty ? "" : ", only \(others), of which nothing was run"),
        advice: "save the weights with torch.save(model.state_dict(), path)")
    }
    var seen: Set<[UInt8]> = []
    for tensor in tensors where !seen.insert(Array(tensor.name.utf8)).inserted {
      throw ZooError(.badData, "the checkpoint holds two tensors named \(tensor.name)")
    }
    return (tensors, values, path)
  }

  /// The entry of a container in which the weights are; `nil` if the container itself is the state dictionary.
  private func chosen(_ entries: [(name: String, value: PickleValue)]) -> (name: String, value: PickleValue)? {
    let inner = entries.filter { holds($0.value) && !isTensor($0.value) }
    for name in Self.usualNames {
      if let entry = inner.first(where: { $0.name == name }) { return entry }
    }
    return inner.count == 1 && !entries.contains { isTensor($0.value) } ? inner[0] : nil
  }

  private mutating func flatten(_ value: PickleValue, name: String, depth: Int) throws {
    try visit(depth)
    if case .object(let index) = value {
      switch pickle.objects[index] {
      case .tensor(let tensor): return try add(name, stored(tensor, name))
      case .array(let array):
        guard array.isOfNumbers else {
          unreadArrays.append("\(name): a NumPy array of type \(array.type?.code ?? "unknown")")
          return
        }
        return try add(name, stored(array, name))
      default: break
      }
    }
    if !contents.isProgram, let parts = parts(value) {
      note(value)
      for (key, item) in parts { try flatten(item, name: join(name, key), depth: depth + 1) }
      return
    }
    // Of a program's attributes only tensors and modules are weights.
    if contents.isProgram, !isModule(value) { return }
    guard holds(value), let entries = entries(value) else {
      if !contents.isProgram, !name.isEmpty { values[name] = plain(value, depth: 0) }
      return
    }
    note(value)
    for (key, item) in entries { try flatten(item, name: join(name, key), depth: depth + 1) }
  }

  private mutating func add(_ name: String, _ tensor: StoredTensor) throws {
    let (sum, overflow) = tensorBytes.addingReportingOverflow(tensor.byteCount)
    guard !overflow, sum <= tensorBytesLimit else {
      throw ZooError(.badData, "the tensors add up to far more than the file holds", at: name)
    }
    tensorBytes = sum
    tensors.append(NamedTensor(name: name.isEmpty ? "tensor" : name, tensor: tensor))
  }

  // MARK: Tensors

  private func stored(_ tensor: TensorReference, _ name: String) throws -> StoredTensor {
    if let obstacle = tensor.obstacle {
      throw ZooError(
        .unsupported, "the tensor is \(obstacle)", at: name, advice: "save a plain, dense copy of it with PyTorch")
    }
    guard let type = tensor.type.elementType else {
      throw ZooError(
        .unsupported, "tensors of type \(tensor.type.name) can't be read", at: name,
        advice: "convert the tensor to a plain type with PyTorch first")
    }
    guard let memory = contents.storages[tensor.storage.key] else {
      throw ZooError(.badData, "the storage \(tensor.storage.key) is missing from the file", at: name)
    }
    let storage = tensor.storage
    let (start, far) = storage.offset.multipliedReportingOverflow(by: storage.type.byteWidth)
    let (length, large) = storage.count.multipliedReportingOverflow(by: storage.type.byteWidth)
    guard !far, !large, start <= memory.count, length <= memory.count - start else {
      throw ZooError(
        .badData, "the storage \(storage.key) declares \(storage.count) elements, but has \(memory.count) bytes",
        at: name)
    }
    let part = TensorMemory(
      borrowing: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.mutableBytes)[start..<start + length]),
      owner: memory)
    do {
      let view = try StridedSource(
        memory: part, type: type, offset: tensor.offset, shape: tensor.shape, strides: tensor.strides)
      guard tensor.isConjugated || tensor.isNegated else {
        return try StoredTensor(type: type, shape: tensor.shape, source: view)
      }
      guard SignedSource.takes(type) else { throw ZooError(.badData, "\(type.name) numbers have no sign to turn") }
      return try StoredTensor(
        type: type, shape: tensor.shape,
        source: SignedSource(view: view, isConjugated: tensor.isConjugated, isNegated: tensor.isNegated))
    } catch let error as ZooError {
      throw error.located(name)
    }
  }

  private func stored(_ array: ArrayReference, _ name: String) throws -> StoredTensor {
    guard let numpyType = array.type, let type = numpyType.elementType else {
      throw ZooError(
        .unsupported, "NumPy arrays of type \(array.type?.code ?? "unknown") can't be read", at: name,
        advice: "convert the array to a tensor first")
    }
    do {
      let byteCount = try Tensor.byteCount(type: type, shape: array.shape)
      let memory: TensorMemory
      if case .bytes(let range) = array.contents, !numpyType.isBigEndian {
        memory = TensorMemory(borrowing: UnsafeRawBufferPointer(rebasing: pickle.bytes[range]), owner: pickle.owner)
      } else if let bytes = PickleBytes.copy(array.contents, of: pickle.bytes, limit: byteCount) {
        memory = try TensorMemory(byteCount: bytes.count)
        memory.mutableBytes.copyBytes(from: bytes)
      } else {
        throw ZooError(.badData, "a NumPy array has no usable contents")
      }
      guard memory.count == byteCount else {
        throw ZooError(.badData, "a NumPy array of shape \(array.shape) has \(memory.count) bytes")
      }
      // Such bytes are a copy.
      if numpyType.isBigEndian {
        memory.mutableBytes.swapByteOrder(width: type.bitWidth / 8 / type.numbersPerElement)
      }
      var strides = array.shape
      var stride = 1
      let axes = array.shape.indices
      for axis in array.isFortranOrder ? Array(axes) : axes.reversed() {
        strides[axis] = stride
        stride *= max(array.shape[axis], 1)
      }
      let source = try StridedSource(memory: memory, type: type, offset: 0, shape: array.shape, strides: strides)
      return try StoredTensor(type: type, shape: array.shape, source: source)
    } catch let error as ZooError {
      throw error.located(name)
    }
  }

  // MARK: Plain values

  /// What is plain; nothing here is worth refusing the weights for.
  private mutating func plain(_ value: PickleValue, depth: Int) -> CheckpointValue {
    plainVisits += 1
    guard depth <= Self.depthLimit, plainVisits <= visitLimit else {
      return .other("values nested too deep or too often")
    }
    switch value {
    case .none: return .none
    case .bool(let flag): return .bool(flag)
    case .int(let number): return .int(number)
    case .bigInteger: return .other("a whole number of more than 64 bits")
    case .float(let number): return .float(number)
    case .text(let text): return .text(text)
    case .bytes, .latin1:
      // Copies, so they count like names.
      guard let bytes = PickleBytes.copy(value, of: pickle.bytes, limit: Self.nameBytesLimit - nameBytes) else {
        return .other("bytes")
      }
      nameBytes += bytes.count
      return .bytes(bytes)
    case .object(let index):
      switch pickle.objects[index] {
      case .list(let items), .tuple(let items):
        return .list(items.map { plain($0, depth: depth + 1) })
      case .dictionary, .namespace: return dictionary(entries(value) ?? [], depth: depth)
      case .foreign(let object):
        guard !object.entries.isEmpty, case .none = object.state else { return .other(object.name) }
        return dictionary(entries(value) ?? [], depth: depth)
      case .opaque(let name): return .other(name)
      case .global(.dtype(let type)), .global(.storage(let type)): return .other(type.name)
      case .global(.inert(let name)), .global(.foreign(let name)): return .other(name)
      case .numpyType(let type): return .other("numpy.\(type.code)")
      case .global, .storage, .tensor, .array: return .other("an object without a counterpart")
      }
    }
  }

  private mutating func dictionary(
    _ entries: [(name: String, value: PickleValue)], depth: Int
  ) -> CheckpointValue {
    var result: [String: CheckpointValue] = [:]
    for (name, item) in entries { result[name] = plain(item, depth: depth + 1) }
    return .dictionary(result)
  }

  // MARK: Objects of others' classes

  /// What a module of PyTorch that was saved whole has in its state dictionary: parameters, buffers and modules, by name.
  /// `nil` for everything else.
  private mutating func parts(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    guard case .object(let index) = value, case .foreign(let object) = pickle.objects[index] else { return nil }
    let attributes = attributes(of: object)
    func contents(_ name: String) -> [(name: String, value: PickleValue)]? {
      attributes.last { if case .text(name) = $0.key { true } else { false } }.flatMap { entries($0.value) }
    }
    visits += attributes.count
    guard let modules = contents("_modules"), let parameters = contents("_parameters") else { return nil }
    let passing = Set((contents("_non_persistent_buffers_set") ?? []).map { text($0.value) })
    let buffers = (contents("_buffers") ?? []).filter { !passing.contains($0.name) }
    let parts = parameters + buffers + modules
    visits += parts.count + passing.count
    return parts.filter { holds($0.value) }
  }

  /// An object's attributes, from its dictionary and its slots; what it has instead is called its state.
  private func attributes(of object: ForeignObject) -> [(key: PickleValue, value: PickleValue)] {
    guard case .object(let index) = object.state else { return [] }
    switch pickle.objects[index] {
    case .dictionary(let pairs): return pairs
    case .tuple(let halves) where halves.count == 2:
      let dictionaries = halves.map { half -> [(key: PickleValue, value: PickleValue)]? in
        guard case .object(let index) = half else { return [] }
        if case .dictionary(let pairs) = pickle.objects[index] { return pairs } else { return nil }
      }
      guard let slots = dictionaries[1], !slots.isEmpty, let others = dictionaries[0] else { fallthrough }
      return others + slots
    default: return [(.text("state"), object.state)]
    }
  }

  /// Takes note of an object that is more than data, as the weights are in it.
  private mutating func note(_ value: PickleValue) {
    if case .object(let index) = value, case .foreign(let object) = pickle.objects[index] {
      walkedClasses.insert(Array(object.name.utf8))
    }
  }

  /// The classes that the checkpoint names beside those that its weights are in, and arrays of no numbers.
  func unread() -> [String] {
    var seen = walkedClasses
    var names: [String] = []
    for object in pickle.objects {
      let name: String
      switch object {
      case .global(.foreign(let its)): name = its
      case .foreign(let its): name = its.name
      default: continue
      }
      if seen.insert(Array(name.utf8)).inserted { names.append(name) }
    }
    names += unreadArrays
    guard names.count > Self.namedClassLimit else { return names }
    return names.prefix(Self.namedClassLimit) + ["and \(names.count - Self.namedClassLimit) more"]
  }

  // MARK: Walking

  /// A container's entries by name; a list's have their numbers. `nil` for anything that is no container.
  private func entries(_ value: PickleValue) -> [(name: String, value: PickleValue)]? {
    guard case .object(let index) = value else { return nil }
    switch pickle.objects[index] {
    case .list(let items), .tuple(let items): return items.enumerated().map { (String($0), $1) }
    case .dictionary(let pairs), .namespace(let pairs): return named(pairs)
    case .foreign(let object):
      let items = object.items.enumerated().map { (key: PickleValue.int($0), value: $1) }
      let contents = named(items + attributes(of: object) + object.entries)
      // What an object is made of often is what it has as attributes too.
      return contents.contains { holds($0.value) } || object.arguments.isEmpty
        ? contents : contents + object.arguments.enumerated().map { (String($0), $1) }
    default: return nil
    }
  }

  private func named(_ pairs: [(key: PickleValue, value: PickleValue)]) -> [(name: String, value: PickleValue)] {
    // A key that comes again keeps its place and takes the new value, as in Python.
    var places: [[UInt8]: Int] = [:]
    var result: [(name: String, value: PickleValue)] = []
    for pair in pairs {
      let name = text(pair.key)
      if let place = places[Array(name.utf8)] {
        result[place].value = pair.value
      } else {
        places[Array(name.utf8)] = result.count
        result.append((name, pair.value))
      }
    }
    return result
  }

  private func text(_ key: PickleValue) -> String {
    switch key {
    case .text(let text): text
    case .int(let number): String(number)
    case .bool(let flag): flag ? "True" : "False"
    case .float(let number): String(number)
    case .none: "None"
    // Tuples and the like: names that can't be spelled, but must not fall together.
    case .object(let index): "object \(index)"
    case .bigInteger(let range), .bytes(let range): "bytes \(range.lowerBound)"
    case .latin1(let text): text
    }
  }

  private func holds(_ value: PickleValue) -> Bool {
    if case .object(let index) = value { holdsTensors[index] } else { false }
  }

  private func isModule(_ value: PickleValue) -> Bool {
    if case .object(let index) = value, case .namespace = pickle.objects[index] { true } else { false }
  }

  private func isTensor(_ value: PickleValue) -> Bool {
    guard case .object(let index) = value else { return false }
    switch pickle.objects[index] {
    case .tensor, .array: return true
    default: return false
    }
  }

  private mutating func join(_ path: String, _ name: String) throws -> String {
    let joined = path.isEmpty ? name : "\(path).\(name)"
    try charge(joined.utf8.count)
    return joined
  }

  private mutating func charge(_ bytes: Int) throws {
    nameBytes += bytes
    guard nameBytes <= Self.nameBytesLimit else {
      throw ZooError(.badData, "the checkpoint's names and plain values are longer than 256 MiB")
    }
  }

  private mutating func visit(_ depth: Int) throws {
    visits += 1
    guard depth <= Self.depthLimit else {
      throw ZooError(
        .badData, "the checkpoint's containers are nested more than \(Self.depthLimit) deep, or in a circle")
    }
    guard visits <= visitLimit else {
      throw ZooError(.badData, "the checkpoint repeats its containers more than \(visitLimit) times")
    }
  }

  /// By object: whether it is or leads to a tensor. One pass backwards from the tensors, whatever the pickle's shape.
  private static func reach(_ pickle: Pickle) -> [Bool] {
    // The states of random numbers are tensors, but no weights.
    func isGenerator(_ name: String) -> Bool { name.hasPrefix("numpy.random.") || name == "torch.Generator" }
    var referrers: [[Int32]] = Array(repeating: [], count: pickle.objects.count)
    var reached = [Bool](repeating: false, count: pickle.objects.count)
    var pending: [Int] = []
    func refer(_ value: PickleValue, from container: Int) {
      if case .object(let index) = value { referrers[index].append(Int32(truncatingIfNeeded: container)) }
    }
    for (index, object) in pickle.objects.enumerated() {
      switch object {
      case .list(let items), .tuple(let items):
        for item in items { refer(item, from: index) }
      case .dictionary(let pairs), .namespace(let pairs):
        for pair in pairs { refer(pair.value, from: index) }
      case .tensor, .array:
        reached[index] = true
        pending.append(index)
      case .foreign(let foreign) where !isGenerator(foreign.name):
        for item in foreign.arguments + foreign.items { refer(item, from: index) }
        for pair in foreign.entries { refer(pair.value, from: index) }
        refer(foreign.state, from: index)
      case .global, .storage, .numpyType, .opaque, .foreign: break
      }
    }
    while let index = pending.popLast() {
      for referrer in referrers[index].map(Int.init) where !reached[referrer] {
        reached[referrer] = true
        pending.append(referrer)
      }
    }
    return reached
  }
}
