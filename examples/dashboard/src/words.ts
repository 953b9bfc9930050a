import type { Grain, KpiKey, TargetState } from "./__generated__/graphql";
import { settings } from "./settings";

export type Locale = "en" | "zh";

/** What the page says itself; names, periods and figures come in the reader's language from the server. */
const en = {
  title: "Customer KPIs",
  language: "中文",
  dark: "Dark",
  refresh: "Refresh",
  signOut: "Sign out",
  signIn: "Sign in",
  token: "Token",
  tokenHint: "The demonstration prints one when it starts. It stays in this tab only.",
  filters: "Filters",
  period: "Period",
  grain: "By",
  channel: "Channel",
  allChannels: "All channels",
  live: "Live",
  asking: "Asked every 30 seconds",
  lost: "The server cannot be reached. The figures are those of {time}; it is asked again every few seconds.",
  unreached: "The server cannot be reached.",
  loading: "Loading",
  noData: "No data",
  overTime: "Over time",
  byChannel: "By channel",
  byAcquisition: "By acquisition channel",
  view: "View of {name}",
  values: "Values",
  value: "Value",
  interval: "{level} interval",
  target: "Target",
  ofTarget: "Target {goal}: {state}",
  provisional: "not over yet",
  stacked: "Stacked by channel",
  of: "Of",
  other: "Others",
  total: "Total",
  cohorts: "Retention by cohort",
  cohortsAbout: "Of those who became customers in a month, how many still are at the end of each month after.",
  cohort: "Since",
  customers: "Customers",
  all: "All",
  month: "Month {number}",
  periods: {
    days30: "Last 30 days",
    weeks13: "Last 13 weeks",
    months12: "Last 12 months",
    months24: "Last 24 months",
    thisYear: "This year",
    lastYear: "Last year",
  },
  grains: { DAY: "Day", WEEK: "Week", MONTH: "Month", QUARTER: "Quarter", YEAR: "Year" } satisfies Record<Grain, string>,
  states: {
    NOT_STARTED: "not started",
    NO_DATA: "no data",
    ON_TRACK: "on track",
    AT_RISK: "at risk",
    MET: "met",
    MISSED: "missed",
  } satisfies Record<TargetState, string>,
  sums: { REVENUE: "Revenue", FEEDBACK_COUNT: "Feedback", INTERACTIONS: "Interactions" } satisfies Partial<
    Record<KpiKey, string>
  >,
};

const zh: typeof en = {
  title: "客户指标",
  language: "English",
  dark: "深色",
  refresh: "刷新",
  signOut: "退出",
  signIn: "登录",
  token: "令牌",
  tokenHint: "演示程序启动时会打印一个令牌；它只保存在本标签页中。",
  filters: "筛选",
  period: "时段",
  grain: "按",
  channel: "渠道",
  allChannels: "全部渠道",
  live: "实时",
  asking: "每 30 秒查询一次",
  lost: "无法连接服务器。当前数字截至 {time}，每隔几秒会自动重试。",
  unreached: "无法连接服务器。",
  loading: "加载中",
  noData: "暂无数据",
  overTime: "随时间",
  byChannel: "按渠道",
  byAcquisition: "按获客渠道",
  view: "{name}的视图",
  values: "数值",
  value: "数值",
  interval: "{level} 区间",
  target: "目标",
  ofTarget: "目标 {goal}：{state}",
  provisional: "尚未结束",
  stacked: "按渠道堆叠",
  of: "指标",
  other: "其他",
  total: "合计",
  cohorts: "按批次的留存",
  cohortsAbout: "同一月份成为客户的人中，之后每个月末仍是客户的比例。",
  cohort: "起始",
  customers: "客户数",
  all: "全部",
  month: "第 {number} 个月",
  periods: {
    days30: "最近 30 天",
    weeks13: "最近 13 周",
    months12: "最近 12 个月",
    months24: "最近 24 个月",
    thisYear: "今年",
    lastYear: "去年",
  },
  grains: { DAY: "日", WEEK: "周", MONTH: "月", QUARTER: "季度", YEAR: "年" },
  states: {
    NOT_STARTED: "未开始",
    NO_DATA: "暂无数据",
    ON_TRACK: "进展顺利",
    AT_RISK: "有风险",
    MET: "已达成",
    MISSED: "未达成",
  },
  sums: { REVENUE: "销售收入", FEEDBACK_COUNT: "反馈", INTERACTIONS: "互动" },
};

export type Words = typeof en;

/** The page's words in the reader's language. */
export function useWords(): Words {
  return { en, zh }[settings.use().locale];
}

/** The text with what belongs in its braces. */
export function fill(text: string, given: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(given[name]));
}
