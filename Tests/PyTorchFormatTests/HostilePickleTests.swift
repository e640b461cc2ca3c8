import Foundation
import PyTorchFormat
import Testing
import ZooCore

/// Pickles that try to run something, or to use up the machine.
@Suite struct HostilePickleTests {
  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("__builtin__", "eval"), ("builtins", "exec"),
    ("builtins", "getattr"), ("builtins", "__import__"), ("subprocess", "Popen"), ("torch", "load"),
    ("torch.storage", "_load_from_bytes"), ("torch", "jit.load"), ("operator", "attrgetter"), ("runpy", "_run_code"),
    ("numpy", "load"), ("collections", "namedtuple"), ("", ""),
  ])
  func foreignGlobalsAreNamedAndNotRun(module: String, name: String) throws {
    let argument = Opcode.tuple([Opcode.text("touch /tmp/executed")])
    let attempts: [[UInt8]] = [
      Opcode.global(module, name) + argument + Opcode.reduce,
      // STACK_GLOBAL, NEWOBJ
      Opcode.text(module) + Opcode.text(name) + [0x93] + argument + [0x81],
      // INST, OBJ
      Opcode.mark + Opcode.text("touch /tmp/executed") + Array("i\(module)\n\(name)\n".utf8),
      Opcode.mark + Opcode.global(module, name) + Opcode.text("touch /tmp/executed") + [UInt8(ascii: "o")],
      // NEWOBJ_EX, BUILD, and merely naming it
      Opcode.global(module, name) + argument + Array("}".utf8) + [0x92],
      Opcode.global(module, name) + Array("}b".utf8),
      Opcode.global(module, name),
    ]
    for attempt in attempts {
      for file in [legacy([0x80, 4] + attempt + Opcode.stop), zip([0x80, 4] + attempt + Opcode.stop)] {
        let error = try #require(try failure(file))
        #expect(error.kind == .badData)
        // A part of a name is a name of its own: getattr is asked for members of classes.
        #expect(error.message.contains(name == "getattr" ? "no tensors" : "\(module).\(name)"), "\(error)")
      }
      // Beside weights, whatever it is, they come out right.
      let beside = [0x80, 4] + Array("}".utf8) + Opcode.text("x") + attempt + Array("s".utf8) + entry + Opcode.stop
      let checkpoint = try read(zip(beside, data: [UInt8](repeating: 0, count: 12)))
      #expect(checkpoint.tensors.map(\.name) == ["w"])
      if name != "getattr" { #expect(checkpoint.unread.contains("\(module).\(name)")) }
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/executed"))
  }

  @Test func whatLaterProtocolsHaveIsRead() throws {
    let others: [(pickle: [UInt8], isRead: Bool)] = [
      // BYTEARRAY8, READONLY_BUFFER, EXT1, EXT2, EXT4, PERSID, BINPERSID of others.
      ([0x96] + bytes(UInt64(2)) + [1, 2], true), ([UInt8(ascii: "C"), 1, 7, 0x98], true), ([0x82, 1], true),
      ([0x83, 1, 0], true), ([0x84, 1, 0, 0, 0], true), (Array("Pname\n".utf8), true),
      (Opcode.tuple([Opcode.text("other"), Opcode.text("x")]) + Array("Q".utf8), true),
      // What the older form says of a module's class, with its source.
      (
        Opcode.tuple([Opcode.text("module"), Opcode.global("a", "B"), Opcode.text("a.py"), Opcode.text("class B: ...")])
          + Array("Q".utf8) + Opcode.emptyTuple + [0x81], true
      ),
      // Objects that are lists and dictionaries and have attributes, in slots too.
      (
        Opcode.global("a", "B") + Opcode.emptyTuple + [0x81] + Opcode.mark + Opcode.int(1) + Array("e".utf8)
          + Opcode.text("k") + Opcode.int(2) + Array("s".utf8) + Opcode.tuple([[0x4E], Array("}".utf8)])
          + Array("b".utf8), true
      ),
      // _reconstructor, __newobj__ and __newobj_ex__ of old protocols, and what an unknown function gives being called.
      (
        Opcode.global("copy_reg", "_reconstructor")
          + Opcode.tuple([Opcode.global("a", "B"), Opcode.global("__builtin__", "object"), [0x4E]]) + Opcode.reduce,
        true
      ),
      (Opcode.global("copyreg", "__newobj__") + Opcode.tuple([Opcode.global("a", "B")]) + Opcode.reduce, true),
      (
        Opcode.global("copyreg", "__newobj_ex__")
          + Opcode.tuple([Opcode.global("a", "B"), Opcode.emptyTuple, Array("}".utf8)]) + Opcode.reduce, true
      ),
      (
        Opcode.global("a", "f") + Opcode.emptyTuple + Opcode.reduce + Opcode.emptyTuple + Opcode.reduce, true
      ),
      // NEXT_BUFFER: bytes that are in no file.
      ([0x97], false),
    ]
    for (pickle, isRead) in others {
      let beside = [0x80, 5] + Array("}".utf8) + Opcode.text("x") + pickle + Array("s".utf8) + entry + Opcode.stop
      let file = zip(beside, data: [UInt8](repeating: 0, count: 12))
      if isRead {
        #expect(try read(file).tensors.map(\.name) == ["w"], "\(pickle)")
      } else {
        #expect(try failure(file)?.message.contains("buffer") == true)
      }
    }
  }

  @Test func classesAreNamedInMeasure() throws {
    // A name of a megabyte that is recalled again and again, and an object of an object of an object …
    let long = String(repeating: "n", count: 1 << 20)
    var pickle: [UInt8] = Array("}".utf8) + Opcode.text("x") + [UInt8(ascii: "X")] + bytes(UInt32(long.utf8.count))
    pickle += Array(long.utf8) + [UInt8(ascii: "q"), 0, UInt8(ascii: "0")] + Opcode.mark
    for _ in 0..<100_000 { pickle += [UInt8(ascii: "h"), 0, UInt8(ascii: "h"), 0, 0x93] }
    pickle += Array("ls".utf8) + Opcode.text("y") + Opcode.global("a", "B") + Opcode.emptyTuple + [0x81]
    for _ in 0..<100_000 {
      pickle += [UInt8(ascii: "q"), 1, UInt8(ascii: "0")] + Opcode.global("a", "B") + Opcode.emptyTuple
      pickle += [0x81, UInt8(ascii: "h"), 1, UInt8(ascii: "b")]
    }
    pickle += Array("s".utf8) + entry + Opcode.stop
    let checkpoint = try read(zip(pickle, data: [UInt8](repeating: 0, count: 12)))
    #expect(checkpoint.tensors.map(\.name) == ["w"])
    #expect(checkpoint.unread.count == 2 && checkpoint.unread.allSatisfy { $0.utf8.count <= 200 })
  }

  @Test func harmlessGlobalsCanNotBeAbused() throws {
    let attempts: [[UInt8]] = [
      // Calling a type, a result, a number; building on a class; chains of calls.
      Opcode.global("torch", "float32") + Opcode.emptyTuple + Opcode.reduce,
      Opcode.global("collections", "OrderedDict") + Opcode.emptyTuple + Opcode.reduce + Opcode.emptyTuple
        + Opcode.reduce,
      Opcode.int(1) + Opcode.emptyTuple + Opcode.reduce,
      Opcode.global("collections", "OrderedDict") + Array("}b".utf8),
      Opcode.global("_codecs", "encode") + Opcode.tuple([Opcode.text("x"), Opcode.text("zip")]) + Opcode.reduce,
      Opcode.global("torch._utils", "_rebuild_parameter") + Opcode.tuple([Opcode.int(1)]) + Opcode.reduce,
      Opcode.global("torch._tensor", "_rebuild_from_type_v2")
        + Opcode.tuple([Opcode.global("torch._tensor", "_rebuild_from_type_v2"), [0x4E], Opcode.tuple([])])
        + Opcode.reduce,
      Opcode.global("torch._utils", "_rebuild_tensor_v2") + Opcode.emptyTuple + Opcode.reduce,
      Opcode.global("numpy", "ndarray") + Opcode.emptyTuple + Opcode.reduce,
      Opcode.tuple([Opcode.text("module"), Opcode.text("x")]) + Array("Q".utf8),
      // EXT1, EXT2, EXT4, NEXT_BUFFER, PERSID
      [0x82, 1], [0x83, 1, 0], [0x84, 1, 0, 0, 0], [0x97], Array("Pname\n".utf8),
    ]
    for attempt in attempts {
      #expect(try failure(legacy([0x80, 5] + attempt + Opcode.stop)) != nil)
    }
  }

  @Test func brokenStacksAreErrors() throws {
    let attempts: [[UInt8]] = [
      [], [0x30], [0x32], [0x74], [0x61], [0x65], [0x73], [0x75], [0x52], [0x62], [0x51], [0x85], [0x86], [0x87],
      [0x94], [0x93], [0x81], [0x92], [0x6F], [0x31], [0xFF], [0x80, 9], [0x68, 7], [0x6A, 1, 2, 3, 4],
      Array("g99999999999999999999\n".utf8), Array("p-1\n".utf8), Array("Inonsense\n".utf8), Array("Fnonsense\n".utf8),
      Array("Sunquoted\n".utf8), Array("S'\\q'\n".utf8), Array("V\\ud800\n".utf8), Array("V\\u12\n".utf8),
      Array("(K\u{1}d".utf8), Array("]K\u{1}s".utf8), Array("K\u{1}(e".utf8), Array("(K\u{1}0000".utf8),
    ]
    for attempt in attempts { #expect(try failure(legacy(attempt + Opcode.stop)) != nil, "\(attempt)") }
  }

  @Test func lyingLengthsAreErrors() throws {
    let huge32 = bytes(UInt32.max)
    let huge64 = bytes(UInt64.max)
    for opcode: UInt8 in [0x58, 0x42, 0x54, 0x8B] {
      #expect(try failure(legacy([opcode] + huge32 + Opcode.stop)) != nil)
      #expect(try failure(legacy([opcode] + bytes(UInt32.max / 2) + Opcode.stop)) != nil)
    }
    for opcode: UInt8 in [0x8D, 0x8E, 0x96, 0x95] {
      #expect(try failure(legacy([opcode] + huge64 + Opcode.stop)) != nil)
      #expect(try failure(legacy([opcode] + bytes(UInt64.max / 2) + Opcode.stop)) != nil)
    }
    #expect(try failure(legacy([0x8A, 255] + Opcode.stop)) != nil)
    // Big numbers that are really there are only data.
    let long = [0x8B] + bytes(Int32(100_000)) + [UInt8](repeating: 1, count: 100_000) + Array("0".utf8)
    #expect(try read(legacy(long + Opcode.tensor(), storages: [("0", [1, 2, 3])])).tensors.count == 1)
    let short = [0x8A, 255] + [UInt8](repeating: 0xFF, count: 255) + Array("0".utf8)
    #expect(try read(legacy(short + Opcode.tensor(), storages: [("0", [1, 2, 3])])).tensors.count == 1)
  }

  @Test func theMemoTakesAnyIndex() throws {
    let memo = Opcode.int(5) + [UInt8(ascii: "r")] + huge + [UInt8(ascii: "0")]
    #expect(try read(legacy(memo + Opcode.tensor(), storages: [("0", [1, 2, 3])])).tensors.count == 1)
  }

  @Test func storedValuesAndMarksAreBounded() throws {
    let count = 5_000_000
    for filler in [Opcode.int(1) + [UInt8](repeating: 0x94, count: count), [UInt8](repeating: 0x28, count: count)] {
      let error = try #require(try failure(legacy(filler + Opcode.stop)))
      #expect(error.message.contains("more than"), "\(error)")
    }
  }

  @Test func deepNestingIsAnError() throws {
    // Lists in lists; tuples in tuples; a list that holds itself.
    let deep =
      [UInt8](repeating: UInt8(ascii: "]"), count: 300_000) + [UInt8](repeating: UInt8(ascii: "a"), count: 299_999)
    #expect(try failure(legacy(deep + Opcode.stop)) != nil)
    let tuples = Opcode.emptyTuple + [UInt8](repeating: 0x85, count: 300_000)
    #expect(try failure(legacy(tuples + Opcode.stop)) != nil)
    let circle: [UInt8] = Array("]q\u{0}h\u{0}a.".utf8)
    #expect(try failure(legacy(circle)) != nil)
    let beside = Array("}".utf8) + Opcode.text("a") + deep + Array("s".utf8) + entry + Opcode.stop
    #expect(try read(legacy(beside, storages: [("0", [1, 2, 3])])).tensors.map(\.name) == ["w"])
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: 300_000)
    #expect(try failure(legacy(marks + Opcode.stop)) != nil)
  }

  @Test func aContainerThatHoldsTheWeightsAndItselfIsAnError() throws {
    let pickle = Array("}q\u{0}".utf8) + entry + Opcode.text("self") + Array("h\u{0}s".utf8) + Opcode.stop
    let error = try #require(try failure(legacy(pickle, storages: [("0", [1, 2, 3])])))
    #expect(error.message.contains("circle"))
  }

  @Test func repeatedContainersAreBounded() throws {
    // A list of ten lists of ten lists …, 10^12 values in all when written out.
    var pickle: [UInt8] = Opcode.int(1)
    for level in 0..<12 {
      let get: [UInt8] = [UInt8(ascii: "h"), UInt8(level)]
      pickle += [UInt8(ascii: "q"), UInt8(level), UInt8(ascii: "0")] + Opcode.mark
      for _ in 0..<10 { pickle += get }
      pickle += [UInt8(ascii: "l")]
    }
    let beside = Array("}".utf8) + Opcode.text("laughs") + pickle + Array("s".utf8) + entry + Opcode.stop
    #expect(try read(legacy(beside, storages: [("0", [1, 2, 3])])).tensors.map(\.name) == ["w"])
    // The same with a tensor at the bottom.
    var tensors = tensor
    for level in 0..<12 {
      tensors += [UInt8(ascii: "q"), UInt8(level), UInt8(ascii: "0")] + Opcode.mark
      for _ in 0..<10 { tensors += [UInt8(ascii: "h"), UInt8(level)] }
      tensors += [UInt8(ascii: "l")]
    }
    #expect(try failure(legacy(tensors + Opcode.stop, storages: [("0", [1, 2, 3])])) != nil)
  }

  @Test func copiesOfContainersAreBounded() throws {
    // A long list, made into sets again and again.
    var pickle = Array("]q\u{0}(".utf8) + [UInt8](repeating: 0x4E, count: 10_000) + Array("e0".utf8)
    pickle += Array("c__builtin__\nset\nq\u{1}0".utf8)
    for _ in 0..<10_000 { pickle += Array("h\u{1}h\u{0}".utf8) + [0x85] + Opcode.reduce + Array("0".utf8) }
    let error = try #require(try failure(legacy(pickle + Opcode.tensor(), storages: [("0", [1, 2, 3])])))
    #expect(error.message.contains("values"))
  }

  @Test func tensorsOutsideTheirStorageAreErrors() throws {
    let cases: [(offset: Int, shape: [Int], strides: [Int], count: Int)] = [
      (1, [3], [1], 3), (-1, [2], [1], 3), (0, [4], [1], 3), (0, [2], [3], 3), (0, [2], [-1], 3), (0, [-3], [1], 3),
      (0, [3, 3], [1], 3), (0, [Int.max, Int.max], [0, 0], 3), (0, [2, 2], [Int.max, Int.max], 3),
      (Int.max, [3], [1], 3), (Int.max, [3], [Int.max], 3), (0, [3], [1], 4), (0, [3], [1], -1), (0, [3], [1], Int.max),
      (0, [1 << 40], [0], 3), (Int.min, [3], [1], 3),
      (0, Array(repeating: 1, count: 65), Array(repeating: 1, count: 65), 3),
    ]
    for item in cases {
      let pickle = Opcode.tensor(offset: item.offset, shape: item.shape, strides: item.strides, count: item.count)
      #expect(try failure(legacy(pickle, storages: [("0", [1, 2, 3])])) != nil, "\(item)")
      #expect(try failure(zip(pickle, data: [UInt8](repeating: 0, count: 12))) != nil, "\(item)")
    }
    // Strides of single extents mean nothing, whatever they are.
    let odd = Opcode.tensor(shape: [1, 3, 1], strides: [Int.max, 1, Int.min])
    #expect(try read(zip(odd, data: [UInt8](repeating: 0, count: 12))).tensors[0].tensor.shape == [1, 3, 1])
    let empty = Opcode.tensor(shape: [0, Int.max], strides: [Int.max, 1])
    #expect(try failure(zip(empty, data: [])) != nil)
  }

  @Test func missingStoragesAreErrors() throws {
    #expect(try failure(legacy(Opcode.tensor())) != nil)
    #expect(try failure(legacy(Opcode.tensor(key: "1"), storages: [("0", [1, 2, 3])])) != nil)
    #expect(try failure(legacy(Opcode.tensor(key: "../0"), storages: [("0", [1, 2, 3])])) != nil)
    #expect(try failure(zip(Opcode.tensor(key: "1"), data: [UInt8](repeating: 0, count: 12))) != nil)
    #expect(try failure(legacy(Opcode.tensor(type: "QInt8Storage"), storages: [("0", [])]))?.kind == .unsupported)
  }

  @Test func truthValuesAreZeroOrOne() throws {
    let pickle = Opcode.tensor(type: "BoolStorage")
    #expect(
      try read(zip(pickle, data: [0, 1, 1])).tensors[0].tensor.load().elements(Bool.self) == [false, true, true])
    #expect(try failure(zip(pickle, data: [0, 1, 2])) != nil)
  }

  private var huge: [UInt8] { bytes(UInt32.max) }

  /// A tensor on the stack, and the same as the entry `w` of the dictionary below it.
  private var tensor: [UInt8] { Array(entry.dropFirst(Opcode.text("w").count).dropLast()) }
  private var entry: [UInt8] { Array(Opcode.tensor().dropFirst(3).dropLast()) }

  private func zip(_ pickle: [UInt8], data: [UInt8] = []) -> [UInt8] {
    Archive([("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8)), ("a/data/0", data)]).bytes
  }
}
