// What graphql-eslint must not find in the schema, nor in the operations that the documentation and the examples show.
import plugin from "@graphql-eslint/eslint-plugin";

const common = {
  plugins: { "@graphql-eslint": plugin },
  languageOptions: {
    parser: plugin.parser,
    parserOptions: { graphQLConfig: { schema: "schema.graphql", documents: "operations/*.graphql" } },
  },
};

const schema = {
  ...plugin.configs["flat/schema-recommended"].rules,
  ...plugin.configs["flat/schema-relay"].rules,
  "@graphql-eslint/no-scalar-result-type-on-mutation": "error",
  "@graphql-eslint/require-nullable-fields-with-oneof": "error",

  // Everything is described, not only types.
  "@graphql-eslint/require-description": [
    "error",
    {
      types: true,
      DirectiveDefinition: true,
      EnumValueDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
    },
  ],

  // An id lets a cache join what several queries know of one object. Pages of a list, answers to a mutation and what
  // is told of one request (a preview, a verification) are nothing that two queries could both know; the parts of a rule
  // are values of its segment, and so are the names of a record.
  "@graphql-eslint/strict-id-in-types": [
    "error",
    {
      exceptions: {
        suffixes: ["Connection", "Edge", "Payload", "RecordResult", "Rule"],
        types: [
          "AuditHead",
          "AuditVerification",
          "ChangePage",
          "CustomerUpsertResult",
          "DeleteResult",
          "ImportPreview",
          "ImportPreviewColumn",
          "ImportPreviewRow",
          "PageInfo",
          "RateLimit",
          "RecordName",
          "RowCounts",
          "SegmentMemberResult",
          "SegmentPreview",
          "TargetAdvice",
          "UserError",
        ],
      },
    },
  ],

  // A timeline is read backwards in time and no other way.
  "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],

  // A list that always comes whole, such as the flags of a figure, has no pages and so no edges; and a connection
  // offers `nodes` to those who need no cursors. What leads to a Node a test of ours says, which names the two that do not.
  "@graphql-eslint/relay-edge-types": [
    "error",
    { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
  ],

  // `externalId` is one word in every input and type, so it is in ExternalId too.
  "@graphql-eslint/no-typename-prefix": "off",
};

const operations = {
  ...plugin.configs["flat/operations-recommended"].rules,

  // An example is pasted and read: it may go without a name, and shows the figures rather than what a cache needs.
  "@graphql-eslint/no-anonymous-operations": "off",
  "@graphql-eslint/require-selections": "off",
};

export default [
  { ...common, files: ["schema.graphql"], rules: schema },
  { ...common, files: ["operations/*.graphql"], rules: operations },
];
