import Zip
import ZooCore

/// Reads one pickle (protocols 0 to 5, Python's `pickletools` lists the opcodes) as data.
///
/// Every opcode adds at most one value, mark or entry of the memo, and their number is limited, so memory stays in
/// proportion to the input whatever the pickle does; nothing here recurses.
struct Unpickler {
  /// Values that any pickle may have; larger ones one for every so many bytes, where PyTorch takes about four.
  private static let valueLimit = (least: 4_000_000, bytesPerValue: 3)
  /// PyTorch's own limit.
  static let rankLimit = 64

  private var cursor: ByteCursor
  private let owner: AnyObject
  private var stack: [PickleValue] = []
  /// Heights of the stack at each open MARK.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var valueCount = 0
  private let valueLimit: Int
  var objects: [PickleObject] = []
  /// Where the current opcode is.
  private var position = 0

  /// Reads the pickle that begins at `offset` of `bytes`, which `owner` keeps alive.
  ///
  /// - Parameter storedByteCount: The bytes that `bytes` are made of, if they were inflated.
  static func read(
    _ bytes: UnsafeRawBufferPointer, at offset: Int = 0, storedByteCount: Int? = nil, owner: AnyObject
  ) throws -> Pickle {
    var unpickler = Unpickler(
      cursor: ByteCursor(bytes, at: offset), storedByteCount: storedByteCount ?? bytes.count, owner: owner)
    let root = try unpickler.run()
    return Pickle(
      root: root, objects: unpickler.objects, bytes: bytes, end: unpickler.cursor.offset, owner: owner)
  }

  private init(cursor: ByteCursor, storedByteCount: Int, owner: AnyObject) {
    self.cursor = cursor
    self.owner = owner
    valueLimit = max(Self.valueLimit.least, storedByteCount / Self.valueLimit.bytesPerValue)
  }

  var bytes: UnsafeRawBufferPointer { cursor.bytes }

  func failure(_ message: String, kind: ZooError.Kind = .badData, advice: String? = nil) -> ZooError {
    ZooError(kind, message, at: "pickle, byte \(position)", advice: advice)
  }

  // MARK: The stack

  private mutating func push(_ value: PickleValue) throws {
    try charge(1)
    stack.append(value)
  }

  /// Counts new values against the limit.
  mutating func charge(_ count: Int) throws {
    valueCount += count
    guard valueCount <= valueLimit else {
      throw failure("the pickle holds more than \(valueLimit) values, which its size does not justify")
    }
  }

  private mutating func push(_ object: PickleObject) throws { try push(add(object)) }

  mutating func add(_ object: PickleObject) -> PickleValue {
    objects.append(object)
    return .object(objects.count - 1)
  }

  private mutating func pop() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw failure("the pickle takes a value from an empty stack") }
    return stack.removeLast()
  }

  private func top() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw failure("the pickle takes a value from an empty stack")
    }
    return value
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw failure("the pickle closes a group that it never opened") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func remember(_ index: Int) throws {
    try charge(1)
    memo[index] = try top()
  }

  private func recall(_ index: Int) throws -> PickleValue {
    guard let value = memo[index] else { throw failure("the pickle recalls value \(index), which it never stored") }
    return value
  }

  // MARK: The opcodes

  private mutating func run() throws -> PickleValue {
    while true {
      position = cursor.offset
      let opcode: UInt8 = try cursor.integer()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try execute(opcode)
    }
  }

  private mutating func execute(_ opcode: UInt8) throws {
    switch opcode {
    case 0x80:  // PROTO
      let version: UInt8 = try cursor.integer()
      guard version <= 5 else { throw failure("pickle protocol \(version) is newer than 5", kind: .unsupported) }
    case 0x95: _ = try cursor.length(UInt64.self)  // FRAME
    case UInt8(ascii: "("):
      try charge(1)
      marks.append(stack.count)
    case UInt8(ascii: "0"):  // POP
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    case UInt8(ascii: "1"): _ = try popToMark()
    case UInt8(ascii: "2"): try push(top())

    // Constants
    case UInt8(ascii: "N"): try push(.none)
    case 0x88: try push(.bool(true))
    case 0x89: try push(.bool(false))
    case UInt8(ascii: "I"): try push(PickleText.integer(cursor.bytes, cursor.line()))
    case UInt8(ascii: "L"): try push(PickleText.long(cursor.bytes, cursor.line()))
    case UInt8(ascii: "J"): try push(.int(Int(cursor.integer(Int32.self))))
    case UInt8(ascii: "K"): try push(.int(Int(cursor.integer(UInt8.self))))
    case UInt8(ascii: "M"): try push(.int(Int(cursor.integer(UInt16.self))))
    case 0x8A: try pushLong(cursor.length(UInt8.self))
    case 0x8B: try pushLong(cursor.length(Int32.self))
    case UInt8(ascii: "F"): try push(PickleText.float(cursor.bytes, cursor.line()))
    case UInt8(ascii: "G"): try push(.float(Double(bitPattern: cursor.integer(UInt64.self).byteSwapped)))

    // Text and bytes
    case UInt8(ascii: "S"): try push(PickleText.string(cursor.bytes, cursor.line()))
    case UInt8(ascii: "V"): try push(PickleText.unicode(cursor.bytes, cursor.line()))
    case UInt8(ascii: "X"): try pushText(cursor.length(UInt32.self))
    case 0x8C: try pushText(cursor.length(UInt8.self))
    case 0x8D: try pushText(cursor.length(UInt64.self))
    case UInt8(ascii: "T"): try pushString(cursor.length(Int32.self))
    case UInt8(ascii: "U"): try pushString(cursor.length(UInt8.self))
    case UInt8(ascii: "B"): try pushBytes(cursor.length(UInt32.self))
    case UInt8(ascii: "C"): try pushBytes(cursor.length(UInt8.self))
    case 0x8E, 0x96: try pushBytes(cursor.length(UInt64.self))  // BINBYTES8, BYTEARRAY8
    case 0x98: _ = try top()  // READONLY_BUFFER

    // Collections
    case UInt8(ascii: ")"): try push(.tuple([]))
    case UInt8(ascii: "t"): try push(.tuple(popToMark()))
    case 0x85: try pushTuple(1)
    case 0x86: try pushTuple(2)
    case 0x87: try pushTuple(3)
    case UInt8(ascii: "]"), 0x8F: try push(.list([]))  // EMPTY_LIST, EMPTY_SET
    case UInt8(ascii: "l"), 0x91: try push(.list(popToMark()))  // LIST, FROZENSET
    case UInt8(ascii: "a"):
      let value = try pop()
      try append([value])
    case UInt8(ascii: "e"), 0x90: try append(popToMark())  // APPENDS, ADDITEMS
    case UInt8(ascii: "}"): try push(.dictionary([]))
    case UInt8(ascii: "d"):
      let entries = try pairs(popToMark())
      try push(.dictionary(entries))
    case UInt8(ascii: "s"):
      let value = try pop()
      let key = try pop()
      try insert([(key, value)])
    case UInt8(ascii: "u"): try insert(pairs(popToMark()))

    // The memo
    case UInt8(ascii: "p"): try remember(memoIndex(cursor.line()))
    case UInt8(ascii: "q"): try remember(Int(cursor.integer(UInt8.self)))
    case UInt8(ascii: "r"): try remember(Int(cursor.integer(UInt32.self)))
    case 0x94: try remember(memo.count)
    case UInt8(ascii: "g"): try push(recall(memoIndex(cursor.line())))
    case UInt8(ascii: "h"): try push(recall(Int(cursor.integer(UInt8.self))))
    case UInt8(ascii: "j"): try push(recall(Int(cursor.integer(UInt32.self))))

    // Globals and what is made of them
    case UInt8(ascii: "c"):
      let module = try cursor.text(cursor.line())
      try push(.global(PickleGlobal(module: module, name: cursor.text(cursor.line()))))
    case 0x93:  // STACK_GLOBAL
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw failure("a global's name is no text")
      }
      try push(.global(PickleGlobal(module: module, name: name)))
    case UInt8(ascii: "R"), 0x81:  // REDUCE, NEWOBJ
      let arguments = try pop()
      let callee = try pop()
      try push(call(callee, arguments))
    case 0x92:  // NEWOBJ_EX
      let named = try pop()
      let arguments = try pop()
      try push(call(pop(), arguments, named: named))
    case UInt8(ascii: "b"):
      let state = try pop()
      try build(top(), state: state)
    case UInt8(ascii: "i"):  // INST
      let module = try cursor.text(cursor.line())
      let callee = PickleGlobal(module: module, name: try cursor.text(cursor.line()))
      try push(call(callee, arguments: popToMark()))
    case UInt8(ascii: "o"):  // OBJ
      let values = try popToMark()
      guard let callee = values.first else { throw failure("the pickle makes an object of no class") }
      let arguments = add(.tuple(Array(values.dropFirst())))
      try push(call(callee, arguments))
    case UInt8(ascii: "Q"):
      let identifier = try pop()
      try push(persistent(identifier))
    case UInt8(ascii: "P"):
      _ = try cursor.line()
      try push(.foreign(ForeignObject(name: "a persistent identifier")))
    // Python's registry of extensions, which only the program that wrote the file has.
    case 0x82: try push(.global(.foreign("copyreg extension \(cursor.integer(UInt8.self))")))
    case 0x83: try push(.global(.foreign("copyreg extension \(cursor.integer(UInt16.self))")))
    case 0x84: try push(.global(.foreign("copyreg extension \(cursor.integer(UInt32.self))")))

    case 0x97:
      throw failure(
        "the pickle refers to a buffer outside the file", kind: .unsupported,
        advice: "save the weights with torch.save(model.state_dict(), path)")
    default: throw failure("\(opcode) is no opcode of a pickle", advice: "the file is damaged")
    }
  }

  private mutating func pushLong(_ count: Int) throws {
    let range = try cursor.take(count)
    guard count <= 8 else { return try push(.bigInteger(range)) }
    var value: UInt64 = 0
    for (index, byte) in cursor.bytes[range].enumerated() { value |= UInt64(byte) << (8 * UInt64(index)) }
    // Two's complement of `count` bytes.
    let unused = UInt64(64 - 8 * count)
    try push(.int(count == 0 ? 0 : Int(Int64(bitPattern: value << unused) >> Int64(unused))))
  }

  private mutating func pushText(_ count: Int) throws { try push(.text(cursor.text(cursor.take(count)))) }

  /// A string of Python 2: text if it can be, else bytes.
  private mutating func pushString(_ count: Int) throws {
    let range = try cursor.take(count)
    try push(String(validating: cursor.bytes[range], as: UTF8.self).map { .text($0) } ?? .bytes(range))
  }

  private mutating func pushBytes(_ count: Int) throws { try push(.bytes(cursor.take(count))) }

  private mutating func pushTuple(_ count: Int) throws {
    var values: [PickleValue] = []
    for _ in 0..<count { values.append(try pop()) }
    try push(.tuple(values.reversed()))
  }

  private mutating func append(_ values: [PickleValue]) throws {
    guard case .object(let index) = try top() else {
      throw failure("the pickle appends to something that is no list")
    }
    // Dropping the first reference lets the array grow in place.
    switch objects[index] {
    case .list(var items):
      objects[index] = .list([])
      items.append(contentsOf: values)
      objects[index] = .list(items)
    case .foreign(var object):
      objects[index] = .list([])
      object.items.append(contentsOf: values)
      objects[index] = .foreign(object)
    default: throw failure("the pickle appends to something that is no list")
    }
  }

  private mutating func insert(_ entries: [(key: PickleValue, value: PickleValue)]) throws {
    guard case .object(let index) = try top() else {
      throw failure("the pickle adds entries to something that is no dictionary")
    }
    switch objects[index] {
    case .dictionary(var items):
      objects[index] = .dictionary([])
      items.append(contentsOf: entries)
      objects[index] = .dictionary(items)
    case .foreign(var object):
      objects[index] = .dictionary([])
      object.entries.append(contentsOf: entries)
      objects[index] = .foreign(object)
    default: throw failure("the pickle adds entries to something that is no dictionary")
    }
  }

  func pairs(_ values: [PickleValue]) throws -> [(key: PickleValue, value: PickleValue)] {
    guard values.count % 2 == 0 else { throw failure("a dictionary's key has no value") }
    return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
  }

  private func memoIndex(_ range: Range<Int>) throws -> Int {
    guard let text = String(validating: cursor.bytes[range], as: UTF8.self), let index = Int(text), index >= 0 else {
      throw failure("the number of a stored value is unreadable")
    }
    return index
  }

  private mutating func call(
    _ callee: PickleValue, _ arguments: PickleValue, named: PickleValue = .none
  ) throws -> PickleValue {
    guard case .object(let list) = arguments, case .tuple(let values) = objects[list] else {
      throw failure("the pickle calls a global with something that is no tuple")
    }
    return try call(callee, values, named: named)
  }
}
