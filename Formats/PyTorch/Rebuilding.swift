import ZooCore
import ZooNumbers

/// What globals make of their arguments.
extension Unpickler {
  /// What calling a value of the pickle gives; an inert object, where it is no global of the table.
  mutating func call(
    _ callee: PickleValue, _ arguments: [PickleValue], named: PickleValue = .none
  ) throws -> PickleValue {
    guard case .object(let index) = callee else { throw failure("the pickle calls something that is no global") }
    var hasNames = false
    if case .object(let place) = named, case .dictionary(let entries) = objects[place] { hasNames = !entries.isEmpty }
    switch objects[index] {
    case .global(let global) where !hasNames: return try call(global, arguments: arguments)
    case .global(.foreign(let name)):
      try charge(arguments.count)
      return add(.foreign(ForeignObject(name: name, arguments: arguments + [named])))
    case .global:
      try charge(arguments.count)
      return add(.foreign(ForeignObject(name: "a class with named arguments", arguments: arguments + [named])))
    // Whatever an unknown function gives may be a function.
    case .foreign(let object): return add(.foreign(ForeignObject(name: object.name, arguments: arguments)))
    default: throw failure("the pickle calls something that is no global")
    }
  }

  mutating func call(_ global: PickleGlobal, arguments: [PickleValue]) throws -> PickleValue {
    switch global {
    case .list, .set:
      return try add(.list(arguments.isEmpty ? [] : copy(arguments[0])))
    case .tuple, .size:
      return try add(.tuple(arguments.isEmpty ? [] : copy(arguments[0])))
    case .orderedDictionary, .dictionary:
      return try add(.dictionary(arguments.isEmpty ? [] : entries(arguments[0])))
    case .defaultDictionary:
      // The first argument makes missing entries; a file has none.
      return try add(.dictionary(arguments.count < 2 ? [] : entries(arguments[1])))
    case .namespace, .scriptClass:
      return add(.namespace([]))
    case .tagged:
      guard let value = arguments.first else { throw failure("a type is given to nothing") }
      return value
    case .encode:
      return try encoded(arguments)
    case .tensor, .tensorVersion2, .tensorVersion3:
      return try add(.tensor(tensor(global, arguments)))
    case .parameter:
      return try tensorArgument(arguments, "a parameter")
    case .deviceTensor:
      return try tensorArgument(arguments, "a device's tensor")
    case .foreign(let name):
      return add(.foreign(ForeignObject(name: name, arguments: arguments)))
    case .reconstructor:
      return try reconstructed(arguments)
    case .newObject:
      guard let callee = arguments.first else { throw failure("the pickle makes an object of no class") }
      try charge(arguments.count)
      return try call(callee, Array(arguments.dropFirst()))
    case .newObjectWithNames:
      return try constructed(arguments)
    case .attribute:
      return try attribute(arguments)
    case .unreadableTensor(let kind):
      return add(.tensor(.unreadable(kind)))
    case .fromType:
      guard arguments.count >= 3, case .object(let callee) = arguments[0], case .global(let inner) = objects[callee]
      else { throw failure("a tensor with attributes is rebuilt from something else") }
      switch inner {
      case .tensor, .tensorVersion2, .tensorVersion3, .parameter, .deviceTensor, .unreadableTensor, .foreign:
        return try call(inner, arguments: items(arguments[2]))
      default: throw failure("a tensor with attributes is rebuilt from something else")
      }
    case .numpyType:
      // Records are named by their class.
      guard case .text(let code)? = arguments.first else { return add(.numpyType(NumpyType(code: "V"))) }
      return add(.numpyType(NumpyType(code: code)))
    case .numpyScalar:
      return try numpyScalar(arguments)
    case .numpyReconstruct:
      return add(.array(ArrayReference()))
    case .numpyFromBuffer:
      guard arguments.count >= 4 else { throw failure("a NumPy array lacks its shape") }
      return try add(
        .array(
          ArrayReference(
            shape: integers(arguments[2]), type: numpyType(arguments[1]), isFortranOrder: isText(arguments[3], "F"),
            contents: arguments[0])))
    case .inert(let name):
      return add(.opaque(name))
    case .storage(let type), .dtype(let type):
      throw failure("the pickle calls \(type.name)")
    case .numpyArray:
      throw failure("the pickle calls numpy.ndarray")
    }
  }

  /// BUILD: gives an object its state. Attributes of dictionaries and tensors (`_metadata`) are of no use here.
  mutating func build(_ target: PickleValue, state: PickleValue) throws {
    guard case .object(let index) = target else { throw failure("the pickle gives a state to a plain value") }
    switch objects[index] {
    case .dictionary, .tensor, .opaque, .list, .tuple, .global: break
    case .foreign(var object):
      objects[index] = .list([])
      object.state = state
      objects[index] = .foreign(object)
    case .namespace:
      // Classes that are not written in TorchScript (packed weights) have states of their own, which nobody can read.
      if case .object(let tuple) = state, case .tuple = objects[tuple] { break }
      objects[index] = try .namespace(entries(state))
    case .numpyType(var type):
      let fields = try items(state)
      if fields.count >= 2, isText(fields[1], ">") { type.isBigEndian = true }
      objects[index] = .numpyType(type)
    case .array:
      // Classes of others' that are made of arrays have states of their own.
      guard let fields = try? items(state), fields.count >= 5, case .bool(let isFortranOrder) = fields[3] else { break }
      objects[index] = try .array(
        ArrayReference(
          shape: integers(fields[1]), type: numpyType(fields[2]), isFortranOrder: isFortranOrder, contents: fields[4]))
    case .storage: throw failure("the pickle gives a state to something that takes none")
    }
  }

  /// `copyreg._reconstructor(class, base, contents)`: contents are those of a list or dictionary that the class extends.
  private mutating func reconstructed(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 3 else { throw failure("the pickle makes an object of no class") }
    if case .none = arguments[2] { return try call(arguments[0], []) }
    let made = try call(arguments[0], [arguments[2]])
    guard case .object(let index) = made, case .foreign(var object) = objects[index],
      case .object(let contents) = arguments[2]
    else { return made }
    switch objects[contents] {
    case .dictionary: object.entries = try entries(arguments[2])
    case .list: object.items = try copy(arguments[2])
    default: return made
    }
    object.arguments = []
    objects[index] = .foreign(object)
    return made
  }

  /// `copyreg.__newobj_ex__(class, arguments, named arguments)`.
  private mutating func constructed(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 3 else { throw failure("the pickle makes an object of no class") }
    return try call(arguments[0], items(arguments[1]), named: arguments[2])
  }

  /// `getattr(class, name)`: a member of an enumeration, or a class in another.
  private mutating func attribute(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 2, case .object(let index) = arguments[0], case .text(let name) = arguments[1],
      case .global(.foreign(let owner)) = objects[index]
    else { return add(.foreign(ForeignObject(name: "builtins.getattr", arguments: arguments))) }
    return add(.global(.foreign(PickleGlobal.shown(owner, name))))
  }

  /// BINPERSID: a storage, or what the oldest files say of a class, with its source. Others' identifiers say nothing here.
  mutating func persistent(_ identifier: PickleValue) throws -> PickleValue {
    guard case .object(let index) = identifier, case .tuple(let fields) = objects[index], let kind = fields.first else {
      return add(.foreign(ForeignObject(name: "a persistent identifier")))
    }
    if isText(kind, "storage") { return add(.storage(try storage(fields))) }
    if isText(kind, "module"), fields.count >= 2 { return fields[1] }
    return add(.foreign(ForeignObject(name: "a persistent identifier", arguments: fields)))
  }

  /// ('storage', class, key, device, elements[, view]).
  private func storage(_ fields: [PickleValue]) throws -> StorageReference {
    guard fields.count >= 5, case .object(let index) = fields[1], case .global(.storage(let type)) = objects[index]
    else { throw failure("a storage is described in an unknown way") }
    guard case .int(let count) = fields[4], count >= 0 else { throw failure("a storage has an impossible size") }
    var storage = try StorageReference(key: storageKey(fields[2]), type: type, count: count, offset: 0)
    if fields.count >= 6, case .object = fields[5] {
      // The oldest files: (key of the view, first element, elements) of the storage above.
      let view = try items(fields[5])
      guard view.count == 3, case .int(let start) = view[1], case .int(let length) = view[2], start >= 0, length >= 0,
        start <= count, length <= count - start
      else { throw failure("a view of a storage lies outside it") }
      storage.offset = start
      storage.count = length
    }
    return storage
  }

  private func storageKey(_ value: PickleValue) throws -> String {
    switch value {
    // Short, because it is looked up for every tensor.
    case .text(let key) where key.utf8.count <= 256: return key
    case .int(let key): return String(key)
    default: throw failure("a storage has no usable name")
    }
  }

  private func tensor(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> TensorReference {
    guard arguments.count >= 4, case .object(let index) = arguments[0], case .storage(let storage) = objects[index],
      case .int(let offset) = arguments[1]
    else { throw failure("a tensor lacks its storage, offset, shape or strides") }
    var tensor = try TensorReference(
      storage: storage, type: storage.type, offset: offset, shape: integers(arguments[2]),
      strides: integers(arguments[3]))
    var attributes: PickleValue?
    if case .tensorVersion3 = global {
      guard arguments.count >= 7, case .object(let type) = arguments[6], case .global(.dtype(let named)) = objects[type]
      else { throw failure("a tensor lacks its type") }
      tensor.type = named
      attributes = arguments.count > 7 ? arguments[7] : nil
    } else {
      attributes = arguments.count > 6 ? arguments[6] : nil
    }
    // More than a few entries can't be PyTorch's, and searching them for every tensor could take for ever.
    if case .object(let index)? = attributes, case .dictionary(let entries) = objects[index], entries.count <= 16 {
      for entry in entries {
        guard case .text(let name) = entry.key, case .bool(true) = entry.value else { continue }
        if name == "conj" { tensor.isConjugated = true }
        if name == "neg" { tensor.isNegated = true }
      }
    }
    return tensor
  }

  private func tensorArgument(_ arguments: [PickleValue], _ what: String) throws -> PickleValue {
    guard case .object(let index)? = arguments.first else { throw failure("\(what) is made of no tensor") }
    switch objects[index] {
    case .tensor, .array, .foreign: return arguments[0]
    default: throw failure("\(what) is made of no tensor")
    }
  }

  /// `_codecs.encode(text, 'latin1')`. The bytes are made when they are wanted: a pickle could ask for many copies.
  private func encoded(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 2, case .text(let text) = arguments[0],
      isText(arguments[1], "latin1") || isText(arguments[1], "latin-1")
    else { throw failure("the pickle encodes something that is no Latin-1 text") }
    return .latin1(text)
  }

  private func numpyScalar(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 2 else { throw failure("a NumPy number lacks its contents") }
    let type = try numpyType(arguments[0])
    guard let element = type.elementType, !type.isBigEndian else { return .text("a NumPy value of type \(type.code)") }
    guard let contents = PickleBytes.copy(arguments[1], of: bytes, limit: 16), contents.count == element.bitWidth / 8
    else { throw failure("a NumPy number has the wrong size") }
    return contents.withUnsafeBytes { raw in
      switch element {
      case .float16: .float(Double(Float(half: raw.loadUnaligned(as: UInt16.self))))
      case .float32: .float(Double(raw.loadUnaligned(as: Float.self)))
      case .float64: .float(raw.loadUnaligned(as: Double.self))
      case .int8: .int(Int(raw.loadUnaligned(as: Int8.self)))
      case .int16: .int(Int(raw.loadUnaligned(as: Int16.self)))
      case .int32: .int(Int(raw.loadUnaligned(as: Int32.self)))
      case .int64: .int(Int(raw.loadUnaligned(as: Int64.self)))
      case .uint8: .int(Int(raw.loadUnaligned(as: UInt8.self)))
      case .uint16: .int(Int(raw.loadUnaligned(as: UInt16.self)))
      case .uint32: .int(Int(raw.loadUnaligned(as: UInt32.self)))
      case .uint64:
        Int(exactly: raw.loadUnaligned(as: UInt64.self)).map { .int($0) }
          ?? .float(Double(raw.loadUnaligned(as: UInt64.self)))
      case .bool: .bool(raw[0] != 0)
      default: .text("a NumPy value of type \(type.code)")
      }
    }
  }

  private func numpyType(_ value: PickleValue) throws -> NumpyType {
    guard case .object(let index) = value, case .numpyType(let type) = objects[index] else {
      throw failure("a NumPy value lacks its type")
    }
    return type
  }

  private func items(_ value: PickleValue) throws -> [PickleValue] {
    guard case .object(let index) = value else { throw failure("a list is expected here") }
    switch objects[index] {
    case .list(let values), .tuple(let values): return values
    default: throw failure("a list is expected here")
    }
  }

  /// A list's values for another object. The pickle may ask for any number of copies, so they count.
  private mutating func copy(_ value: PickleValue) throws -> [PickleValue] {
    let values = try items(value)
    try charge(values.count)
    return values
  }

  /// The entries of a dictionary, or of a list of pairs.
  private mutating func entries(_ value: PickleValue) throws -> [(key: PickleValue, value: PickleValue)] {
    if case .none = value { return [] }
    guard case .object(let index) = value else { throw failure("a dictionary is expected here") }
    if case .dictionary(let entries) = objects[index] {
      try charge(entries.count)
      return entries
    }
    return try copy(value).map { pair in
      let both = try items(pair)
      guard both.count == 2 else { throw failure("a dictionary's entry is no pair") }
      return (both[0], both[1])
    }
  }

  private func integers(_ value: PickleValue) throws -> [Int] {
    let numbers = try items(value)
    guard numbers.count <= Self.rankLimit else { throw failure("a tensor has \(numbers.count) dimensions") }
    return try numbers.map {
      guard case .int(let number) = $0 else { throw failure("a shape holds something that is no whole number") }
      return number
    }
  }

  private func isText(_ value: PickleValue, _ wanted: String) -> Bool {
    if case .text(let text) = value { text == wanted } else { false }
  }
}

extension TensorReference {
  /// A tensor of a kind that is not read; only an error where somebody wants it.
  static func unreadable(_ kind: String) -> TensorReference {
    let type = TorchType(name: kind, byteWidth: 1, elementType: nil)
    return TensorReference(
      storage: StorageReference(key: "", type: type, count: 0, offset: 0), type: type, offset: 0, shape: [],
      strides: [], obstacle: kind)
  }
}
