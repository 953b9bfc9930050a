"""What is asked of the API once the files are loaded."""

FEEDBACK = """
query ($period: PeriodInput!) {
  csat: kpi(key: CSAT, period: $period) {
    ...figure
    series(grain: MONTH) { ...figure period { from before } }
    breakdown(by: REGION, first: 100) { slices { key ...figure } other { denominator } totalCount }
  }
  ever: kpi(key: CSAT, period: {named: ALL_TIME}) { ...figure }
  count: kpi(key: FEEDBACK_COUNT, period: $period) { value series(grain: MONTH) { value period { from } } }
  nps: kpi(key: NPS, period: $period) { value nullReason interval { low } }
}
fragment figure on KpiFigure { value numerator denominator sampleSize nullReason interval { low high } }
"""
MONEY = """
query ($period: PeriodInput!) {
  revenue: kpi(key: REVENUE, period: $period) { ...all }
  average: kpi(key: AVERAGE_ORDER_VALUE, period: $period) { ...all }
  ever: kpi(key: REVENUE, period: {named: ALL_TIME}) { ...figure }
}
fragment all on KpiResult {
  ...figure
  currency
  months: series(grain: MONTH) { ...figure period { from } }
  years: series(grain: YEAR) { ...figure period { from } }
  breakdown(by: REGION, first: 50) { slices { key ...figure } other { value } totalCount }
}
fragment figure on KpiFigure { value amount numerator denominator sampleSize nullReason flags isProvisional }
"""
ANSWERS = """
query ($period: PeriodInput!) {
  median: kpi(key: SURVEY_ANSWER_TIME, period: $period) { ...monthly }
  mean: kpi(key: SURVEY_ANSWER_TIME, variant: "mean", period: $period) { ...monthly }
  p90: kpi(key: SURVEY_ANSWER_TIME, variant: "p90", period: $period) { ...figure }
  rate: kpi(key: RESPONSE_RATE, period: $period) { ...monthly }
}
fragment monthly on KpiResult { ...figure series(grain: MONTH) { ...figure period { from } } }
fragment figure on KpiFigure { value numerator denominator sampleSize nullReason }
"""
REPEATS = """
query ($period: PeriodInput!) {
  default: kpi(key: REPEAT_PURCHASE_RATE, period: $period) { ...figure }
  returning: kpi(key: REPEAT_PURCHASE_RATE, variant: "returning", period: $period) { ...figure }
  cohort: kpi(key: REPEAT_PURCHASE_RATE, variant: "cohort", period: $period) { ...figure }
}
fragment figure on KpiFigure { value numerator denominator sampleSize nullReason isProvisional }
"""
COHORTS = """
query ($period: PeriodInput!) {
  buyers: cohortTable(of: BUYERS, period: $period, months: 26) { ...table }
  revenue: cohortTable(of: REVENUE, period: $period, months: 26) {
    ...table
    rows { cells { revenue soFar { revenue } } }
  }
}
fragment table on CohortTable {
  rows { key size cells { monthsSince numerator denominator value nullReason } }
  averages { numerator denominator value }
}
"""
LEADS = """
query ($period: PeriodInput!) {
  conversion: kpi(key: CONVERSION_RATE, period: $period) { ...figure ...channels }
  wins: kpi(key: CONVERSION_RATE, variant: "period", period: $period) { ...figure }
  cycle: kpi(key: SALES_CYCLE, period: $period) {
    ...figure
    leftOut { reason count }
    ...channels
    staff: breakdown(by: STAFF, first: 100) { slices { key ...figure } totalCount }
  }
  mean: kpi(key: SALES_CYCLE, variant: "mean", period: $period) { ...figure }
  p75: kpi(key: SALES_CYCLE, variant: "p75", period: $period) { ...figure }
  funnel: leadFunnel(period: $period) { stages { leads shareOfAll medianDays } wonLate open lost { leads } }
  table: channelEffectiveness(period: $period, orderBy: {field: LEADS}) {
    rows { channel { externalId } leads { value } conversion { value numerator denominator } }
  }
}
fragment channels on KpiResult { channels: breakdown(by: CHANNEL, first: 50) { slices { key ...figure } totalCount } }
fragment figure on KpiFigure { value numerator denominator sampleSize nullReason isProvisional }
"""
ROWS = {"channels": 1, "customers": 4991, "orders": 5000, "invitations": 4988, "feedback": 4988}
STORED = """
query ($after: String) {
  page: orders(first: 100, after: $after, orderBy: [{field: OCCURRED_AT}]) {
    nodes {
      externalId status currency amount refunded product region occurredAt
      customer { externalIds { externalId } }
      channel { name }
      lines { product quantity amount }
    }
    pageInfo { endCursor hasNextPage }
  }
}
"""
