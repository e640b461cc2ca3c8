import ZooCore

/// A value of a pickle. Everything that has an identity in Python is an index into `Pickle.objects`: so values never
/// own each other, cycles are harmless, and nothing recurses when a deep structure is released.
enum PickleValue {
  case none
  case bool(Bool)
  case int(Int)
  /// An integer beyond 64 bits: where its digits are in the pickle.
  case bigInteger(Range<Int>)
  case float(Double)
  case text(String)
  /// Where the bytes are in the pickle.
  case bytes(Range<Int>)
  /// Bytes that are written as text of the code points 0 to 255, as old protocols do.
  case latin1(String)
  case object(Int)
}

/// What has an identity in Python. Large contents are boxed: a pickle can hold millions of empty lists.
enum PickleObject {
  /// Lists and sets.
  case list([PickleValue])
  case tuple([PickleValue])
  case dictionary([(key: PickleValue, value: PickleValue)])
  /// An object that only holds named values.
  case namespace([(key: PickleValue, value: PickleValue)])
  indirect case global(PickleGlobal)
  indirect case storage(StorageReference)
  indirect case tensor(TensorReference)
  indirect case array(ArrayReference)
  indirect case numpyType(NumpyType)
  /// Something of PyTorch without a use here; the text says what.
  case opaque(String)
  /// An object of a class that is not known.
  indirect case foreign(ForeignObject)
}

/// All that a pickle says of an object whose class is not known.
struct ForeignObject {
  /// Of the class, or the function that would make it.
  let name: String
  /// What it would be made of.
  var arguments: [PickleValue] = []
  /// What it holds as a dictionary, and as a list.
  var entries: [(key: PickleValue, value: PickleValue)] = []
  var items: [PickleValue] = []
  /// Its attributes, or whatever stands for them.
  var state = PickleValue.none
}

/// What a finished pickle gives.
struct Pickle {
  let root: PickleValue
  let objects: [PickleObject]
  let bytes: UnsafeRawBufferPointer
  /// Behind the pickle.
  let end: Int
  /// What keeps `bytes` alive.
  let owner: AnyObject
}

/// The elements that a storage class or a dtype of PyTorch stands for.
struct TorchType: Hashable {
  /// PyTorch's name, for errors.
  let name: String
  let byteWidth: Int
  /// `nil` where there is no counterpart (quantized types).
  let elementType: ElementType?
}

/// A storage as a tensor names it, by the pickle's persistent identifier.
struct StorageReference: Hashable {
  let key: String
  let type: TorchType
  /// Elements.
  var count: Int
  /// Elements before this storage in the one that `key` names (views of the oldest files).
  var offset: Int
}

/// A tensor as the pickle rebuilds it. Numbers are unchecked.
struct TensorReference {
  var storage: StorageReference
  var type: TorchType
  /// Elements.
  var offset: Int
  var shape: [Int]
  var strides: [Int]
  /// Of a view whose signs PyTorch has not turned yet.
  var isConjugated = false
  var isNegated = false
  /// Why the tensor can't be read, if so.
  var obstacle: String?
}

/// A NumPy array as the pickle rebuilds it. Numbers are unchecked.
struct ArrayReference {
  var shape: [Int] = []
  var type: NumpyType?
  var isFortranOrder = false
  var contents: PickleValue = .none

  /// Not texts, dates or objects.
  var isOfNumbers: Bool { type.map { !"OSUVMmT".contains($0.code.first ?? "O") } ?? false }
}

/// A NumPy dtype: `f8`, `i4`, `b1`, …
struct NumpyType {
  let code: String
  var isBigEndian: Bool

  init(code: String) {
    isBigEndian = code.hasPrefix(">")
    self.code = String(code.drop { "<>|=".contains($0) })
  }

  var elementType: ElementType? {
    switch code {
    case "f2": .float16
    case "f4": .float32
    case "f8": .float64
    case "i1": .int8
    case "i2": .int16
    case "i4": .int32
    case "i8": .int64
    case "u1": .uint8
    case "u2": .uint16
    case "u4": .uint32
    case "u8": .uint64
    case "b1": .bool
    case "c8": .complex64
    case "c16": .complex128
    default: nil
    }
  }
}
